"""As the quick start does it: https://www.tensorflow.org/tutorials/quickstart/beginner"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf
from table import X, X_test, X_val, settings, y, y_test, y_val

tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
scale = tf.keras.layers.Normalization()
scale.adapt(X.to_numpy())
layers = [scale]
for size in settings.hidden:
    layers += [
        tf.keras.layers.Dense(size, activation="relu"),
        tf.keras.layers.Dropout(settings.dropout),
    ]
model = tf.keras.models.Sequential([*layers, tf.keras.layers.Dense(y.nunique())])
model.compile(
    optimizer=tf.keras.optimizers.Adam(settings.learning_rate),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
stop = tf.keras.callbacks.EarlyStopping(patience=settings.patience, restore_best_weights=True)
model.fit(
    X, y, epochs=settings.epochs, batch_size=settings.batch_size, verbose=0,
    validation_data=(X_val, y_val), callbacks=[stop],
)  # fmt: skip
model.save("by-hand.keras")
print(model.evaluate(X_test, y_test, verbose=0)[1])
