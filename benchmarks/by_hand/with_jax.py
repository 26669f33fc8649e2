"""As Optax's own example of a perceptron: https://optax.readthedocs.io/en/latest/_collections/examples/"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
from table import X, X_test, settings, y, y_test

mean, std = X.mean(), X.std().replace(0, 1)
rows, classes = ((X - mean) / std).to_numpy(), y.to_numpy()


def predict(layers, x):
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


@jax.jit
def step(layers, state, x, labels):
    def loss(layers):
        logits = predict(layers, x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    updates, state = optimizer.update(jax.grad(loss)(layers), state, layers)
    return optax.apply_updates(layers, updates), state


widths, key = [X.shape[1], *settings.hidden, y.nunique()], jax.random.key(0)
layers = [
    (jax.random.normal(key, (i, o)) * (2 / i) ** 0.5, jnp.zeros(o))
    for i, o in itertools.pairwise(widths)
]
optimizer = optax.adamw(settings.learning_rate, weight_decay=settings.weight_decay)
state, random = optimizer.init(layers), np.random.default_rng(0)
for _ in range(settings.epochs):
    order = random.permutation(len(rows))
    for at in range(0, len(order) - settings.batch_size + 1, settings.batch_size):
        batch = order[at : at + settings.batch_size]
        layers, state = step(layers, state, rows[batch], classes[batch])
np.savez("by-hand.npz", *[array for layer in layers for array in layer])
found = predict(layers, ((X_test - mean) / std).to_numpy()).argmax(1)
print((found == y_test.to_numpy()).mean())
