"""Go from a csv file to a trained net and to predictions for new rows. Needs nnframe-table.

The table's columns become inputs: numbers are scaled, texts become one column per category. The saved model knows how,
so it takes new rows as they come.
"""

import csv
import random
from pathlib import Path

import nnframe

random.seed(0)
with Path("flats.csv").open("w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["rooms", "district", "rent"])
    for _ in range(400):
        rooms, district = random.randint(1, 5), random.choice(["north", "center", "west"])
        rent = 300 + 200 * rooms + {"north": 0, "center": 250, "west": 100}[district] + random.gauss(0, 20)
        rows.writerow([rooms, district, round(rent)])

table = nnframe.table.read("flats.csv", target="rent")
print("inputs:", ", ".join(table.columns.input_names))

net = nnframe.nNet.from_sizes(table.sizes(hidden=[16]), ["relu", table.target.activation], dtype="float32", seed=0)
net.nEpochs(100, table.train, table.target.loss, batch_size=32, optimizer="adam(learning_rate=0.01)", shuffle=True)

nnframe.table.Model(net, table.columns, table.target).save("flats.nnf")
model = nnframe.table.load("flats.nnf")
[rent] = model.predict({"rooms": [3], "district": ["center"]})
print(f"3 rooms in the center cost about {rent:.0f}, and should cost 1150")
