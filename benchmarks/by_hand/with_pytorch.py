"""As the quick start does it: https://docs.pytorch.org/tutorials/beginner/basics/quickstart_tutorial.html"""

import torch
from table import X, X_test, settings, y, y_test
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(settings.threads or torch.get_num_threads())
mean, std = X.mean(), X.std().replace(0, 1)


def rows(inputs, labels):
    scaled = ((inputs - mean) / std).to_numpy()
    return TensorDataset(torch.tensor(scaled), torch.tensor(labels.to_numpy()))


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [X.shape[1], *settings.hidden]
        layers = []
        for width, size in zip(widths, settings.hidden, strict=False):
            layers += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(settings.dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], y.nunique()))

    def forward(self, x):
        return self.layers(x)


model = NeuralNetwork()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(
    model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
)
loader = DataLoader(rows(X, y), batch_size=settings.batch_size, shuffle=True)
for _ in range(settings.epochs):
    model.train()
    for inputs, targets in loader:
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
torch.save(model.state_dict(), "by-hand.pth")
model.eval()
with torch.no_grad():
    inputs, targets = rows(X_test, y_test)[:]
    print((model(inputs).argmax(1) == targets).float().mean().item())
