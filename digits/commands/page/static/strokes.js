"use strict";
// From strokes to digits in MNIST's form: 28×28 pixels, the ink in 20×20 of them, its centre of mass in the middle.
// A stroke is a list of points [x, y]. Boxes and lengths are in whatever unit the points have.

const SIDE = 28, BOX = 20, FINE = 4; // pixels of an image, of its ink, and those drawn for one pixel
const PEN = 2.4; // width of a stroke in pixels of an image
const TINY = 24; // pixels of the paper: nobody draws smaller digits by hand
// Of the size of a digit:
const SMALL = 0.2; // what is lower is flat, and what is narrower, too, is a dot
const NARROW = 0.15; // so wide a part counts, at least: a stroke that goes straight down has no width
const TOUCHING = 0.02, APART = 0.25; // parts so far below each other touch, or may be of one digit
const ABOVE = 0.3; // so far above a digit is a dot that is part of it, at most
// Of the width of the narrower part, at least, lies above or below another one
const ONE = 0.65, BAR = 0.3, LINKED = 0.2; // of the same digit, whose bar it is, or with which it may be one.
const LONGEST = 5; // parts that are divided together
const HIGHEST = 1.5; // times as high as the tallest stroke is a digit at most
const MINUS = 0.9, LOW = 0.66; // of a usual digit's height is a minus wide at most; of its line's, a point lies below the top

function boxOf(strokes) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const stroke of strokes) {
    for (const [x, y] of stroke) {
      left = Math.min(left, x); right = Math.max(right, x);
      top = Math.min(top, y); bottom = Math.max(bottom, y);
    }
  }
  return {left, top, right, bottom, width: right - left, height: bottom - top};
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

// Trace strokes with a round pen; a single point makes a dot.
function trace(pen, strokes, width) {
  pen.lineWidth = width;
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    pen.moveTo(...stroke[0]);
    for (const [x, y] of stroke.slice(1)) pen.lineTo(x, y);
    if (boxOf([stroke]).width + boxOf([stroke]).height === 0) {
      pen.arc(stroke[0][0], stroke[0][1], width / 2, 0, 2 * Math.PI);
      pen.fill();
    } else {
      pen.stroke();
    }
  }
}

// Draw strokes as light ink on a black square of `side` pixels, as large as MNIST's digits are in 28; the pen has MNIST's
// width, however small the strokes are. Returns side × side bytes.
function render(strokes, side, shift = [0, 0]) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const box = boxOf(strokes), unit = side / SIDE;
  const scale = (BOX - PEN) * unit / Math.max(box.width, box.height, 1e-6);
  const move = ([x, y]) => [
    side / 2 + shift[0] * unit + scale * (x - (box.left + box.right) / 2),
    side / 2 + shift[1] * unit + scale * (y - (box.top + box.bottom) / 2),
  ];
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = pen.strokeStyle = "white";
  trace(pen, strokes.map((stroke) => stroke.map(move)), PEN * unit);
  const {data} = pen.getImageData(0, 0, side, side);
  return Uint8Array.from({length: side * side}, (_, i) => data[4 * i]);
}

function centreOfMass(image, side) {
  let mass = 0, x = 0, y = 0;
  image.forEach((ink, i) => { mass += ink; x += ink * (i % side); y += ink * Math.floor(i / side); });
  return [(x / mass + 0.5) * SIDE / side, (y / mass + 0.5) * SIDE / side];
}

// The strokes of one digit as an image, 28×28 bytes.
function toImage(strokes) {
  const side = SIDE * FINE, most = (SIDE - BOX) / 2;
  const shift = centreOfMass(render(strokes, side), side).map((c) => Math.max(-most, Math.min(most, SIDE / 2 - c)));
  const fine = render(strokes, side, shift);
  const image = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < image.length; i++) {
    let sum = 0;
    for (let k = 0; k < FINE * FINE; k++) {
      const row = FINE * Math.floor(i / SIDE) + Math.floor(k / FINE);
      sum += fine[row * side + FINE * (i % SIDE) + k % FINE];
    }
    image[i] = Math.round(sum / (FINE * FINE));
  }
  return image;
}

// How large digits are, by the boxes of their strokes: the height of the tallest stroke, the usual one of those that are
// at least half as high, and the size of a digit, which has at least half the width of the widest stroke.
function sizesOf(boxes) {
  const heights = boxes.map(({height}) => height), tallest = Math.max(...heights, 0);
  const usual = Math.max(median(heights.filter((height) => height >= 0.5 * tallest)), 1e-6);
  return {tallest, usual, size: Math.max(usual, 0.5 * Math.max(...boxes.map(({width}) => width)), TINY)};
}

const isFlat = ({box}, size) => box.height < SMALL * size;
const isSmall = (part, size) => isFlat(part, size) && part.box.width < SMALL * size;

// How much two parts overlap from left to right, as a share of the narrower one; below 0, they are apart.
function overlap(a, b, size) {
  const [[l, r], [left, right]] = [a, b].map(({box}) => {
    const more = Math.max(NARROW * size - box.width, 0) / 2;
    return [box.left - more, box.right + more];
  });
  return (Math.min(r, right) - Math.max(l, left)) / Math.min(r - l, right - left);
}

// Whether two parts are certainly of one digit.
function areOne(a, b, {tallest, size}) {
  if (isSmall(a, size) || isSmall(b, size)) return false;
  const gap = Math.max(a.box.top, b.box.top) - Math.min(a.box.bottom, b.box.bottom);
  const height = Math.max(a.box.bottom, b.box.bottom) - Math.min(a.box.top, b.box.top);
  if (gap > TOUCHING * size && (gap > APART * size || height > HIGHEST * tallest)) return false; // another line
  if (isFlat(a, size) || isFlat(b, size)) return overlap(a, b, size) >= BAR && distance(a.strokes, b.strokes) < APART * size;
  return overlap(a, b, size) >= ONE;
}

// Strokes as parts, {strokes, box}: those of one digit are together.
function joinStrokes(strokes, sizes) {
  let parts = strokes.map((stroke) => ({strokes: [stroke], box: boxOf([stroke])}));
  for (let pair; (pair = findPair(parts, (a, b) => areOne(a, b, sizes)));) {
    const joined = [...pair[0].strokes, ...pair[1].strokes];
    parts = [...parts.filter((part) => !pair.includes(part)), {strokes: joined, box: boxOf(joined)}];
  }
  return parts;
}

// Make dots within a digit's box a part of it, such as the eyes of a face; returns the others, which are marks.
function joinDots(dots, digits, size) {
  return dots.filter((dot) => {
    const around = digits.find(({box}) => box.left <= dot.box.left && dot.box.right <= box.right
      && box.top - ABOVE * size <= dot.box.top && dot.box.bottom <= box.bottom);
    around?.strokes.push(...dot.strokes);
    return !around;
  });
}

// Put a dot into the nearest line, as a point or, higher up, as the dot of a multiplication.
function addDot(lines, dot) {
  const middle = (dot.box.top + dot.box.bottom) / 2;
  const reach = (line) => boxOf(line.flatMap((part) => part.strokes));
  const apart = (line) => Math.max(reach(line).top - middle, middle - reach(line).bottom, 0);
  const line = lines.reduce((best, one) => (apart(one) < apart(best) ? one : best));
  const {top, height} = reach(line);
  line.push({...dot, mark: middle > top + LOW * height ? "." : "·"});
}

// Order a line from left to right, name each minus in it, and link what may be one with the part before it.
function readLine(line, {usual, size}) {
  line.sort((a, b) => a.box.left + a.box.right - b.box.left - b.box.right);
  line.forEach((part, i) => {
    const before = line[i - 1];
    part.mark ??= line.length > 1 && isFlat(part, size) && part.box.width < MINUS * usual ? "−" : "";
    part.linked = Boolean(before && !part.mark && !before.mark && overlap(before, part, size) >= LINKED);
  });
}

// Group strokes into parts of the page: digits, and marks beside them such as a point.
//
// Two strokes are of one digit if they lie above each other, and close. Those that overlap only in part may be: they
// are linked, and what the network finds likelier decides; see `readStrokes`.
//
// Returns lines from top to bottom, each a list of parts from left to right: {strokes, box, mark, linked}; mark is ""
// for a digit, linked says whether it may be one with the part before it.
function groupStrokes(strokes) {
  const sizes = sizesOf(strokes.map((stroke) => boxOf([stroke]))), parts = joinStrokes(strokes, sizes);
  const digits = parts.filter((part) => !isSmall(part, sizes.size));
  const dots = joinDots(parts.filter((part) => isSmall(part, sizes.size)), digits, sizes.size);
  const lines = digits.length ? intoLines(digits, sizes.usual) : [[]];
  for (const dot of dots) addDot(lines, dot);
  for (const line of lines) readLine(line, sizes);
  return lines;
}

// The smallest distance between the points of two lists of strokes.
function distance(some, others) {
  let least = Infinity;
  for (const [x, y] of some.flat()) for (const [u, v] of others.flat()) least = Math.min(least, Math.hypot(x - u, y - v));
  return least;
}

function findPair(parts, isOne) {
  for (let i = 0; i < parts.length; i++) {
    for (let j = i + 1; j < parts.length; j++) if (isOne(parts[i], parts[j])) return [parts[i], parts[j]];
  }
  return null;
}

// Parts line by line: a new one begins where the middle of the next part lies lower by half a digit.
function intoLines(parts, usual) {
  const middle = ({box}) => (box.top + box.bottom) / 2;
  const lines = [];
  let last = -Infinity;
  for (const part of [...parts].sort((a, b) => middle(a) - middle(b))) {
    if (middle(part) - last > 0.5 * usual) lines.push([]);
    lines[lines.length - 1].push(part);
    last = middle(part);
  }
  return lines;
}

// The parts of a line, each with those that are linked to it, `LONGEST` at most: they may be divided in several ways.
function runsOf(line) {
  const runs = [];
  for (const part of line) {
    const last = runs[runs.length - 1];
    if (part.linked && last.length < LONGEST) last.push(part);
    else runs.push([part]);
  }
  return runs;
}

// All ways to divide a run of linked parts into digits, each a list of [first, past the last].
function segmentations(n) {
  if (n === 0) return [[]];
  const ways = [];
  for (let k = 1; k <= Math.min(n, 3); k++) {
    for (const rest of segmentations(n - k)) ways.push([...rest, [n - k, n]]);
  }
  return ways;
}

// Read strokes: `classify` gives {classes, digits} for a list of images. Returns the same with all digits and marks in
// reading order, each with its line, image and strokes.
async function readStrokes(strokes, classify) {
  const images = [];
  const ask = (parts) => {
    const of = parts.flatMap((part) => part.strokes);
    images.push(toImage(of));
    return {strokes: of, image: images[images.length - 1], which: images.length - 1};
  };
  const items = groupStrokes(strokes).flatMap((parts, line) => runsOf(parts).map((run) => {
    const {mark} = run[0], ways = segmentations(run.length), pieces = new Map();
    if (mark) return {mark, line};
    for (const [a, b] of ways.flat()) {
      if (!pieces.has(`${a} ${b}`)) pieces.set(`${a} ${b}`, ask(run.slice(a, b)));
    }
    return {ways, pieces, line};
  }));
  const answer = images.length ? await classify(images) : {digits: []};
  const sure = ({which}) => Math.max(...answer.digits[which].probabilities);
  const digits = items.flatMap(({mark, line, ways, pieces}) => {
    if (mark) return [{mark, line}];
    const piecesOf = (way) => way.map(([a, b]) => pieces.get(`${a} ${b}`));
    const weakest = (way) => Math.min(...piecesOf(way).map(sure));
    const best = ways.reduce((one, other) => (weakest(other) > weakest(one) ? other : one));
    return piecesOf(best).map((piece) => ({...answer.digits[piece.which], image: piece.image, strokes: piece.strokes, line}));
  });
  return {...answer, digits};
}
