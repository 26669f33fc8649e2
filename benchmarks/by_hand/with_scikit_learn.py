"""As the user guide does it: https://scikit-learn.org/stable/modules/ensemble.html"""

import joblib
from sklearn.ensemble import HistGradientBoostingClassifier
from table import X, X_test, settings, y, y_test

model = HistGradientBoostingClassifier(
    max_iter=settings.rounds,
    learning_rate=settings.learning_rate,
    max_leaf_nodes=settings.max_leaf_nodes,
    early_stopping=False,
    random_state=0,
)
model.fit(X, y)
joblib.dump(model, "by-hand.joblib")
print(model.score(X_test, y_test))
