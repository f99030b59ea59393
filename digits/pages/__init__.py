"""From a picture of one digit or many to each of them in MNIST's form, in reading order, without what is no digit."""
