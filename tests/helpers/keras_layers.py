"""The layers of Keras itself, as a table: how each is made, and what it is called on.

Layers that are known to be right are the test for false alarms: a check of layers may find only what is known about
them. The table is pure data, and does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OwnLayer:
    """A way to make a Keras layer, and the inputs that it takes.

    `construct` is an expression with `keras` as its only name. `shapes` has one shape for each input, without the batch
    axis. `below` is the number that integers are less than. `call` says how the inputs are passed: "single" (one
    input), "list" (`layer([a, b])`), "arguments" (`layer(a, b)`), or "cell", a cell to be wrapped in
    `keras.layers.RNN`.
    """

    construct: str
    shapes: tuple[tuple[int, ...], ...] = ((16,),)
    dtype: str = "float32"
    below: int | None = None
    call: str = "single"


LAYERS: tuple[OwnLayer, ...] = (
    # Core
    OwnLayer("keras.layers.Dense(4)"),
    OwnLayer('keras.layers.Dense(4, activation="relu", use_bias=False)'),
    OwnLayer("keras.layers.Dense(4)", ((6, 8),)),
    OwnLayer('keras.layers.Dense(4, kernel_regularizer="l2", kernel_constraint="non_neg")'),
    OwnLayer("keras.layers.Dense(4, lora_rank=2)"),
    OwnLayer('keras.layers.EinsumDense("ab,bc->ac", output_shape=4, bias_axes="c")'),
    OwnLayer('keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")', ((6, 8),)),
    OwnLayer("keras.layers.Embedding(10, 4)", ((6,),), dtype="int32", below=10),
    OwnLayer("keras.layers.Embedding(10, 4, mask_zero=True)", ((6,),), dtype="int32", below=10),
    OwnLayer("keras.layers.ReversibleEmbedding(10, 4)", ((6,),), dtype="int32", below=10),
    OwnLayer(
        "keras.layers.ReversibleEmbedding(10, 4, tie_weights=False, mask_zero=True)", ((6,),), dtype="int32", below=10
    ),
    OwnLayer("keras.layers.Identity()"),
    OwnLayer("keras.layers.Identity()", dtype="bool"),
    OwnLayer("keras.layers.Lambda(keras.ops.abs)"),
    OwnLayer("keras.layers.Lambda(lambda x: x * 2.0)"),
    OwnLayer("keras.layers.Masking()", ((6, 8),)),
    OwnLayer("keras.layers.Masking(mask_value=-1.0)", ((6, 8),)),
    # Activations
    OwnLayer('keras.layers.Activation("relu")'),
    OwnLayer("keras.layers.Activation(keras.activations.gelu)"),
    OwnLayer("keras.layers.ELU(alpha=0.5)"),
    OwnLayer("keras.layers.LeakyReLU(negative_slope=0.2)"),
    OwnLayer("keras.layers.PReLU()"),
    OwnLayer("keras.layers.PReLU(shared_axes=[1, 2])", ((12, 12, 3),)),
    OwnLayer("keras.layers.ReLU()"),
    OwnLayer("keras.layers.ReLU(max_value=6.0, negative_slope=0.1, threshold=0.2)"),
    OwnLayer("keras.layers.Softmax()"),
    OwnLayer("keras.layers.Softmax(axis=(1, 2))", ((6, 8),)),
    # Convolution
    OwnLayer("keras.layers.Conv1D(4, 3)", ((6, 8),)),
    OwnLayer('keras.layers.Conv1D(4, 3, padding="same")', ((6, 8),)),
    OwnLayer("keras.layers.Conv1DTranspose(4, 3)", ((6, 8),)),
    OwnLayer("keras.layers.Conv2D(4, 3)", ((12, 12, 3),)),
    OwnLayer('keras.layers.Conv2D(4, 3, padding="same")', ((12, 12, 3),)),
    OwnLayer("keras.layers.Conv2DTranspose(4, 3)", ((12, 12, 3),)),
    OwnLayer("keras.layers.Conv3D(4, 3)", ((6, 6, 6, 2),)),
    OwnLayer('keras.layers.Conv3D(4, 3, padding="same")', ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.Conv3DTranspose(4, 3)", ((6, 6, 6, 2),)),
    OwnLayer('keras.layers.Conv1D(4, 3, padding="causal", dilation_rate=2)', ((6, 8),)),
    OwnLayer('keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")', ((12, 12, 3),)),
    OwnLayer("keras.layers.Conv2D(6, 3, groups=3)", ((12, 12, 3),)),
    OwnLayer('keras.layers.Conv2D(4, 3, data_format="channels_first")', ((3, 12, 12),)),
    OwnLayer('keras.layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1)', ((12, 12, 3),)),
    OwnLayer("keras.layers.DepthwiseConv1D(3, depth_multiplier=2)", ((6, 8),)),
    OwnLayer("keras.layers.DepthwiseConv2D(3)", ((12, 12, 3),)),
    OwnLayer('keras.layers.DepthwiseConv2D(3, strides=2, padding="same")', ((12, 12, 3),)),
    OwnLayer("keras.layers.SeparableConv1D(4, 3)", ((6, 8),)),
    OwnLayer('keras.layers.SeparableConv2D(4, 3, padding="same")', ((12, 12, 3),)),
    # Pooling
    OwnLayer("keras.layers.AveragePooling1D(2)", ((6, 8),)),
    OwnLayer("keras.layers.GlobalAveragePooling1D()", ((6, 8),)),
    OwnLayer("keras.layers.AdaptiveAveragePooling1D(2)", ((6, 8),)),
    OwnLayer("keras.layers.MaxPooling1D(2)", ((6, 8),)),
    OwnLayer("keras.layers.GlobalMaxPooling1D()", ((6, 8),)),
    OwnLayer("keras.layers.AdaptiveMaxPooling1D(2)", ((6, 8),)),
    OwnLayer("keras.layers.AveragePooling2D(2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.GlobalAveragePooling2D()", ((12, 12, 3),)),
    OwnLayer("keras.layers.AdaptiveAveragePooling2D(2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.MaxPooling2D(2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.GlobalMaxPooling2D()", ((12, 12, 3),)),
    OwnLayer("keras.layers.AdaptiveMaxPooling2D(2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.AveragePooling3D(2)", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.GlobalAveragePooling3D()", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.AdaptiveAveragePooling3D(2)", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.MaxPooling3D(2)", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.GlobalMaxPooling3D()", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.AdaptiveMaxPooling3D(2)", ((6, 6, 6, 2),)),
    OwnLayer('keras.layers.MaxPooling2D(3, strides=2, padding="same")', ((12, 12, 3),)),
    OwnLayer('keras.layers.AveragePooling2D(3, strides=2, padding="same")', ((12, 12, 3),)),
    OwnLayer("keras.layers.GlobalAveragePooling2D(keepdims=True)", ((12, 12, 3),)),
    # Normalization
    OwnLayer("keras.layers.BatchNormalization()"),
    OwnLayer("keras.layers.BatchNormalization()", ((12, 12, 3),)),
    OwnLayer("keras.layers.BatchNormalization(axis=1, momentum=0.9, center=False, scale=False)", ((6, 8),)),
    OwnLayer("keras.layers.BatchNormalization(renorm=True)"),
    OwnLayer("keras.layers.GroupNormalization(groups=4)", ((6, 8),)),
    OwnLayer("keras.layers.GroupNormalization(groups=-1)", ((12, 12, 3),)),
    OwnLayer("keras.layers.LayerNormalization()"),
    OwnLayer("keras.layers.LayerNormalization(axis=[1, 2])", ((6, 8),)),
    OwnLayer("keras.layers.RMSNormalization()"),
    OwnLayer("keras.layers.UnitNormalization()"),
    OwnLayer("keras.layers.SpectralNormalization(keras.layers.Dense(4))"),
    OwnLayer("keras.layers.SpectralNormalization(keras.layers.Conv2D(4, 3), power_iterations=2)", ((12, 12, 3),)),
    # Regularization
    OwnLayer("keras.layers.ActivityRegularization(l1=0.01, l2=0.01)"),
    OwnLayer("keras.layers.Dropout(0.5)"),
    OwnLayer("keras.layers.Dropout(0.5, noise_shape=(None, 1, 8), seed=1)", ((6, 8),)),
    OwnLayer("keras.layers.AlphaDropout(0.5)"),
    OwnLayer("keras.layers.GaussianDropout(0.5)"),
    OwnLayer("keras.layers.GaussianNoise(0.5)"),
    OwnLayer("keras.layers.SpatialDropout1D(0.5)", ((6, 8),)),
    OwnLayer("keras.layers.SpatialDropout2D(0.5)", ((12, 12, 3),)),
    OwnLayer("keras.layers.SpatialDropout3D(0.5)", ((6, 6, 6, 2),)),
    # Merging
    OwnLayer("keras.layers.Add()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Average()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Maximum()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Minimum()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Multiply()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Subtract()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Concatenate()", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Add()", ((16,), (16,), (16,)), call="list"),
    OwnLayer("keras.layers.Concatenate(axis=1)", ((6, 8), (4, 8)), call="list"),
    OwnLayer("keras.layers.Dot(axes=1)", ((16,), (16,)), call="list"),
    OwnLayer("keras.layers.Dot(axes=(2, 2), normalize=True)", ((6, 8), (4, 8)), call="list"),
    # Attention
    OwnLayer("keras.layers.Attention()", ((6, 8), (6, 8)), call="list"),
    OwnLayer(
        'keras.layers.Attention(use_scale=True, score_mode="concat", dropout=0.2)',
        ((6, 8), (4, 8), (4, 8)),
        call="list",
    ),
    OwnLayer("keras.layers.AdditiveAttention()", ((6, 8), (6, 8)), call="list"),
    OwnLayer("keras.layers.AdditiveAttention(use_scale=False, dropout=0.2)", ((6, 8), (6, 8)), call="list"),
    OwnLayer("keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)", ((6, 8), (6, 8)), call="arguments"),
    OwnLayer(
        "keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, value_dim=3, output_shape=5, dropout=0.2)",
        ((6, 8), (4, 8)),
        call="arguments",
    ),
    OwnLayer(
        "keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, attention_axes=(1, 2))",
        ((3, 4, 8), (3, 4, 8)),
        call="arguments",
    ),
    OwnLayer(
        "keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, use_gate=True)", ((6, 8), (6, 8)), call="arguments"
    ),
    OwnLayer(
        "keras.layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)",
        ((6, 8), (6, 8)),
        call="arguments",
    ),
    OwnLayer(
        "keras.layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2, dropout=0.2,"
        " use_gate=True)",
        ((6, 8), (6, 8)),
        call="arguments",
    ),
    # Recurrent
    OwnLayer("keras.layers.LSTM(4)", ((6, 8),)),
    OwnLayer("keras.layers.LSTM(4, return_sequences=True)", ((6, 8),)),
    OwnLayer("keras.layers.LSTM(4, return_state=True)", ((6, 8),)),
    OwnLayer("keras.layers.LSTM(4, dropout=0.2, recurrent_dropout=0.2)", ((6, 8),)),
    OwnLayer("keras.layers.LSTM(4, go_backwards=True, unroll=True)", ((6, 8),)),
    OwnLayer("keras.layers.GRU(4)", ((6, 8),)),
    OwnLayer("keras.layers.GRU(4, return_sequences=True)", ((6, 8),)),
    OwnLayer("keras.layers.GRU(4, return_sequences=True, return_state=True)", ((6, 8),)),
    OwnLayer("keras.layers.GRU(4, reset_after=False)", ((6, 8),)),
    OwnLayer("keras.layers.SimpleRNN(4)", ((6, 8),)),
    OwnLayer("keras.layers.SimpleRNN(4, return_sequences=True, dropout=0.2)", ((6, 8),)),
    OwnLayer("keras.layers.LSTMCell(4)", ((6, 8),), call="cell"),
    OwnLayer("keras.layers.GRUCell(4)", ((6, 8),), call="cell"),
    OwnLayer("keras.layers.GRUCell(4, reset_after=False, dropout=0.2, recurrent_dropout=0.2)", ((6, 8),), call="cell"),
    OwnLayer("keras.layers.SimpleRNNCell(4)", ((6, 8),), call="cell"),
    OwnLayer(
        "keras.layers.StackedRNNCells([keras.layers.LSTMCell(4), keras.layers.GRUCell(3)])", ((6, 8),), call="cell"
    ),
    OwnLayer("keras.layers.RNN(keras.layers.LSTMCell(4))", ((6, 8),)),
    OwnLayer("keras.layers.RNN(keras.layers.GRUCell(4), return_sequences=True)", ((6, 8),)),
    OwnLayer("keras.layers.RNN([keras.layers.SimpleRNNCell(4), keras.layers.SimpleRNNCell(3)])", ((6, 8),)),
    OwnLayer("keras.layers.ConvLSTM1D(2, 3)", ((4, 8, 3),)),
    OwnLayer("keras.layers.ConvLSTM2D(2, 3)", ((4, 6, 6, 3),)),
    OwnLayer('keras.layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True)', ((4, 6, 6, 3),)),
    OwnLayer("keras.layers.ConvLSTM3D(2, 3)", ((3, 4, 4, 4, 2),)),
    OwnLayer("keras.layers.Bidirectional(keras.layers.LSTM(4))", ((6, 8),)),
    OwnLayer('keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True), merge_mode="sum")', ((6, 8),)),
    OwnLayer(
        "keras.layers.Bidirectional(keras.layers.LSTM(4), backward_layer=keras.layers.GRU(4, go_backwards=True))",
        ((6, 8),),
    ),
    OwnLayer("keras.layers.Bidirectional(keras.layers.SimpleRNN(4), merge_mode=None)", ((6, 8),)),
    OwnLayer("keras.layers.TimeDistributed(keras.layers.Dense(4))", ((6, 8),)),
    OwnLayer("keras.layers.TimeDistributed(keras.layers.Conv2D(2, 3))", ((4, 6, 6, 3),)),
    # Reshaping
    OwnLayer("keras.layers.Flatten()", ((12, 12, 3),)),
    OwnLayer("keras.layers.Flatten()"),
    OwnLayer('keras.layers.Flatten(data_format="channels_first")', ((3, 4, 4),)),
    OwnLayer("keras.layers.Reshape((4, 4))"),
    OwnLayer("keras.layers.Reshape((-1, 2))", ((6, 8),)),
    OwnLayer("keras.layers.Permute((2, 1))", ((6, 8),)),
    OwnLayer("keras.layers.RepeatVector(3)"),
    OwnLayer("keras.layers.Cropping1D(1)", ((6, 8),)),
    OwnLayer("keras.layers.Cropping2D(((1, 2), (3, 1)))", ((12, 12, 3),)),
    OwnLayer("keras.layers.Cropping3D(1)", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.ZeroPadding1D(2)", ((6, 8),)),
    OwnLayer('keras.layers.ZeroPadding1D(2, data_format="channels_first")', ((6, 8),)),
    OwnLayer("keras.layers.ZeroPadding2D(((1, 2), (0, 1)))", ((12, 12, 3),)),
    OwnLayer("keras.layers.ZeroPadding3D(1)", ((6, 6, 6, 2),)),
    OwnLayer("keras.layers.UpSampling1D(2)", ((6, 8),)),
    OwnLayer("keras.layers.UpSampling2D(2)", ((12, 12, 3),)),
    OwnLayer('keras.layers.UpSampling2D((2, 3), interpolation="bilinear")', ((12, 12, 3),)),
    OwnLayer("keras.layers.UpSampling3D(2)", ((6, 6, 6, 2),)),
    # Preprocessing of numbers, categories and text
    OwnLayer("keras.layers.Normalization(mean=0.5, variance=2.0)"),
    OwnLayer("keras.layers.Normalization(axis=None, mean=0.5, variance=2.0, invert=True)", ((6, 8),)),
    OwnLayer("keras.layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])", ((12, 12, 3),)),
    OwnLayer("keras.layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.0])"),
    OwnLayer('keras.layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.0], output_mode="multi_hot")'),
    OwnLayer("keras.layers.CategoryEncoding(num_tokens=10)", ((6,),), dtype="int32", below=10),
    OwnLayer('keras.layers.CategoryEncoding(num_tokens=10, output_mode="one_hot")', ((6,),), dtype="int32", below=10),
    OwnLayer('keras.layers.CategoryEncoding(num_tokens=10, output_mode="count")', ((6,),), dtype="int32", below=10),
    OwnLayer("keras.layers.Hashing(num_bins=5)", ((6,),), dtype="string"),
    OwnLayer("keras.layers.Hashing(num_bins=5, salt=1)", ((6,),), dtype="int32", below=10),
    OwnLayer('keras.layers.Hashing(num_bins=5, output_mode="multi_hot")', ((6,),), dtype="int32", below=10),
    OwnLayer("keras.layers.HashedCrossing(num_bins=5)", ((1,), (1,)), dtype="int32", below=10, call="list"),
    OwnLayer(
        'keras.layers.HashedCrossing(num_bins=5, output_mode="one_hot")', ((1,), (1,)), dtype="string", call="list"
    ),
    OwnLayer("keras.layers.IntegerLookup(vocabulary=[1, 2, 3])", ((6,),), dtype="int32", below=10),
    OwnLayer(
        'keras.layers.IntegerLookup(vocabulary=[1, 2, 3], output_mode="multi_hot", num_oov_indices=2)',
        ((6,),),
        dtype="int32",
        below=10,
    ),
    OwnLayer(
        "keras.layers.IntegerLookup(vocabulary=[1, 2, 3], mask_token=0, invert=True)", ((6,),), dtype="int32", below=5
    ),
    OwnLayer('keras.layers.StringLookup(vocabulary=["text", "word"])', ((6,),), dtype="string"),
    OwnLayer('keras.layers.StringLookup(vocabulary=["text", "word"], output_mode="count")', ((6,),), dtype="string"),
    OwnLayer('keras.layers.StringLookup(vocabulary=["text", "word"], invert=True)', ((6,),), dtype="int32", below=3),
    OwnLayer(
        'keras.layers.TextVectorization(vocabulary=["text", "word"], output_sequence_length=4)', ((1,),), dtype="string"
    ),
    OwnLayer(
        'keras.layers.TextVectorization(vocabulary=["text", "word"], output_mode="multi_hot")', ((1,),), dtype="string"
    ),
    OwnLayer(
        'keras.layers.TextVectorization(vocabulary=["text", "word"], output_mode="tf_idf", idf_weights=[0.5, 1.5])',
        ((1,),),
        dtype="string",
    ),
    OwnLayer(
        'keras.layers.TextVectorization(vocabulary=["text", "word"], split="character", standardize=None)',
        ((1,),),
        dtype="string",
    ),
    # Preprocessing of sounds
    OwnLayer("keras.layers.MelSpectrogram(fft_length=16, sequence_stride=8, num_mel_bins=4)", ((64,),)),
    OwnLayer("keras.layers.STFTSpectrogram(frame_length=16, window=None)", ((64, 1),)),
    OwnLayer(
        'keras.layers.STFTSpectrogram(mode="stft", frame_length=16, frame_step=8, window=None, expand_dims=True)',
        ((64, 1),),
    ),
    # Preprocessing of images
    OwnLayer("keras.layers.Rescaling(1.0 / 255)", ((12, 12, 3),)),
    OwnLayer("keras.layers.Rescaling(2.0, offset=-1.0)", ((12, 12, 3),)),
    OwnLayer("keras.layers.CenterCrop(8, 8)", ((12, 12, 3),)),
    OwnLayer("keras.layers.CenterCrop(16, 16)", ((12, 12, 3),)),
    OwnLayer("keras.layers.Resizing(8, 8)", ((12, 12, 3),)),
    OwnLayer('keras.layers.Resizing(8, 8, interpolation="nearest", pad_to_aspect_ratio=True)', ((12, 12, 3),)),
    OwnLayer("keras.layers.Resizing(16, 10, crop_to_aspect_ratio=True)", ((12, 12, 3),)),
    OwnLayer("keras.layers.AugMix()", ((12, 12, 3),)),
    OwnLayer("keras.layers.AutoContrast()", ((12, 12, 3),)),
    OwnLayer("keras.layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))", ((12, 12, 3),)),
    OwnLayer("keras.layers.CutMix()", ((12, 12, 3),)),
    OwnLayer("keras.layers.Equalization()", ((12, 12, 3),)),
    OwnLayer("keras.layers.MixUp()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandAugment()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomBrightness(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomBrightness(0.2, value_range=(0.0, 1.0), seed=1)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomColorDegeneration(0.5)", ((12, 12, 3),)),
    OwnLayer(
        "keras.layers.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.2, saturation_factor=0.2,"
        " hue_factor=0.2)",
        ((12, 12, 3),),
    ),
    OwnLayer("keras.layers.RandomContrast(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomCrop(8, 8)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomElasticTransform()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomErasing()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomFlip()", ((12, 12, 3),)),
    OwnLayer('keras.layers.RandomFlip("horizontal", seed=1)', ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomGaussianBlur()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomGrayscale()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomHue(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomInvert()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomPerspective()", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomPosterization(4)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomRotation(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomSaturation(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomSharpness(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomShear(x_factor=0.2, y_factor=0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomTranslation(0.2, 0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomZoom(0.2)", ((12, 12, 3),)),
    OwnLayer("keras.layers.RandomZoom(0.2, 0.1)", ((12, 12, 3),)),
    OwnLayer("keras.layers.Solarization(addition_factor=0.2, threshold_factor=0.5)", ((12, 12, 3),)),
    OwnLayer("keras.layers.Pipeline([keras.layers.Rescaling(1.0 / 255), keras.layers.RandomFlip()])", ((12, 12, 3),)),
)

#: Class name -> why it is not in the table.
LEFT_OUT: dict[str, str] = {
    "Layer": "the abstract base of all layers: has no `call`",
    "Wrapper": "the abstract base of wrappers: has no `call`",
    "InputLayer": "an input of a model: takes no inputs, call gives nothing",
    "FlaxLayer": "needs flax and jax",
    "JaxLayer": "needs jax",
    "MaxNumBoundingBoxes": "takes a dictionary of bounding boxes, not tensors",
    "TFSMLayer": "needs a SavedModel in a file",
    "TorchModuleWrapper": "needs torch and its backend",
}
