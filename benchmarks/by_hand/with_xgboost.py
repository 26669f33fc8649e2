"""As the Python introduction does it: https://xgboost.readthedocs.io/en/stable/python/"""

import xgboost as xgb
from table import X, X_test, X_val, settings, y, y_test, y_val

classes = y.nunique()
parameters = {
    "objective": "multi:softprob" if classes > 2 else "binary:logistic",
    "max_depth": settings.max_depth,
    "learning_rate": settings.learning_rate,
    "nthread": settings.threads,
    **({"num_class": classes} if classes > 2 else {}),
}
train, validation = (xgb.DMatrix(*rows) for rows in ((X, y), (X_val, y_val)))
model = xgb.train(
    parameters,
    train,
    settings.rounds,
    evals=[(train, "train"), (validation, "validation")],
    early_stopping_rounds=settings.patience,
    verbose_eval=False,
)
model.save_model("by-hand.ubj")
scores = model.predict(xgb.DMatrix(X_test), iteration_range=(0, model.best_iteration + 1))
print(((scores.argmax(1) if classes > 2 else scores > 0.5) == y_test).mean())
