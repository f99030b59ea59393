"""Colours: those of Okabe and Ito (2008), which people of any colour vision tell apart."""

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#999999"
DARK_ORANGE = "#b34700"  # for text on white
PALETTE = (BLUE, ORANGE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "black", GREY)
