"""As the quick start does it: https://lightgbm.readthedocs.io/en/stable/Python-Intro.html"""

import lightgbm as lgb
from table import X, X_test, X_val, settings, y, y_test, y_val

classes = y.nunique()
parameters = {
    "objective": "multiclass" if classes > 2 else "binary",
    "num_leaves": settings.num_leaves,
    "learning_rate": settings.learning_rate,
    "num_threads": settings.threads,
    "verbosity": -1,
    **({"num_class": classes} if classes > 2 else {}),
}
train = lgb.Dataset(X, label=y)
validation = train.create_valid(X_val, label=y_val)
model = lgb.train(
    parameters,
    train,
    settings.rounds,
    valid_sets=[train, validation],
    callbacks=[lgb.early_stopping(settings.patience, verbose=False)],
)
model.save_model("by-hand.txt", num_iteration=model.best_iteration)
scores = model.predict(X_test, num_iteration=model.best_iteration)
print(((scores.argmax(1) if classes > 2 else scores > 0.5) == y_test).mean())
