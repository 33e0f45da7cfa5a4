"""The class is registered, so that Keras finds it when it loads a model.

`keras.saving.load_model` knows a class by the name that it is registered under. One that is not registered can be
loaded only by code that names it in `custom_objects`, which the colleague who gets the file does not have.

Bad:

    class MyDense(keras.layers.Layer): ...

Good:

    @keras.saving.register_keras_serializable(package="my_package")
    class MyDense(keras.layers.Layer): ...
"""

import keras

from ..subject import Defects, Subject

ID = "KS305"
SEVERITY = "warning"
OF_SAVED = "classes"
KINDS = ("saved",)
DOING = "is looked up by its registered name"
REQUIRES = ("KS201",)
AT = ()
FIX = 'Put @keras.saving.register_keras_serializable(package="…") above the class.'


def applies(subject: Subject) -> bool:
    """Keras knows its own classes."""
    return subject.is_made_by_class


def check(subject: Subject) -> Defects:
    """Asks Keras for the class."""
    name = keras.saving.get_registered_name(subject.cls)
    if keras.saving.get_registered_object(name) is not subject.cls:
        yield f"{subject.cls.__name__} is not registered: a model with it loads only with custom_objects"
