"""The rules that need Keras, one file each: found by looking into this folder.

A rule is a module. Its docstring is its title, then why it matters, then code that it flags (`Bad:`) and the same code
as it should be (`Good:`). It defines

- `ID`;
- `DOING`: what the layer does meanwhile, after "while it";
- `FIX`: what to do;
- `check(subject)`, which gives a text or a `Problem` for each defect, unless whoever has a subject knows there is none;

and where there is something to say,

- `SEVERITY`: "warning", where what it finds may be meant;
- `FAILURE`: what is said when the user's code raises an exception, if it is more than "cannot be" and what it does;
- `REQUIRES`: the ids of rules that must have passed;
- `CAUSES`: the ids of rules whose findings follow from a finding of this one;
- `AT`: the names of methods that its findings are about, the likeliest first, if it is not `call`;
- `KINDS`: what it is about, of "layer" (a model too), "loss" and "metric"; "layer" alone where it says nothing;
- `OF_SAVED`: "classes" or "all", if it is tried on models made from saved ones too, see `OfSaved`;
- `applies(subject)`: true, false, or a text that says why it is skipped.
"""
