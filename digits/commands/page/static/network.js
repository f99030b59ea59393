"use strict";
// What answers the page where there is no server: the network itself; see digits/commands/web.py.
// Arrays of values are (C, H, W), one after the other.

const stored = JSON.parse(document.getElementById("stored").textContent);

// Numbers of 16 bits to 32; browsers that know them are not everywhere yet.
function decodeHalf(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), halves = new DataView(bytes.buffer);
  return Float32Array.from({length: bytes.length / 2}, (_, i) => {
    const half = halves.getUint16(2 * i, true), exponent = (half >> 10) & 31, fraction = half & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024);
    return half >> 15 ? -size : size;
  });
}

const weights = decodeHalf(stored.weights);
let taken = 0;
const take = (count) => weights.subarray(taken, taken += count);
for (const layer of stored.layers) {
  layer.weight = take(layer.shape.reduce((product, n) => product * n, 1));
  layer.bias = take(layer.shape[0]);
}

// Values with zeros around them.
function pad({data, c, h, w}, [down, right]) {
  if (!down && !right) return {data, c, h, w};
  const out = {data: new Float32Array(c * (h + 2 * down) * (w + 2 * right)), c, h: h + 2 * down, w: w + 2 * right};
  for (let row = 0; row < c * h; row++) {
    const at = Math.floor(row / h) * out.h + row % h + down;
    out.data.set(data.subarray(row * w, (row + 1) * w), at * out.w + right);
  }
  return out;
}

const steps = {
  conv(layer, values) {
    const {data, c, h, w} = pad(values, layer.padding), {weight, stride} = layer, [filters, , rows, columns] = layer.shape;
    const [height, width] = [Math.floor((h - rows) / stride) + 1, Math.floor((w - columns) / stride) + 1];
    const size = c * rows * columns, patch = new Float32Array(size), places = height * width;
    const out = new Float32Array(filters * places);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let k = 0; // what the filters see at this place
        for (let i = 0; i < c; i++) {
          for (let row = 0; row < rows; row++) {
            const start = (i * h + y * stride + row) * w + x * stride;
            for (let column = 0; column < columns; column++) patch[k++] = data[start + column];
          }
        }
        for (let f = 0; f < filters; f++) out[f * places + y * width + x] = layer.bias[f] + dot(weight, f * size, patch, size);
      }
    }
    return {data: out, c: filters, h: height, w: width};
  },
  scale(layer, {data, c, h, w}) {
    return {data: data.map((value, i) => value * layer.weight[Math.floor(i / (h * w))] + layer.bias[Math.floor(i / (h * w))]), c, h, w};
  },
  pool(_, {data, c, h, w}) {
    const [height, width] = [h >> 1, w >> 1], out = new Float32Array(c * height * width);
    for (let i = 0; i < out.length; i++) {
      const at = Math.floor(i / (height * width)) * h * w + 2 * (Math.floor(i / width) % height) * w + 2 * (i % width);
      out[i] = Math.max(data[at], data[at + 1], data[at + w], data[at + w + 1]);
    }
    return {data: out, c, h: height, w: width};
  },
  relu: (_, {data, ...shape}) => ({data: data.map((value) => Math.max(value, 0)), ...shape}),
  flatten: (_, {data}) => ({data, c: data.length, h: 1, w: 1}),
  linear(layer, {data}) {
    const [units, inputs] = layer.shape;
    return {data: Float32Array.from({length: units}, (_, u) => layer.bias[u] + dot(layer.weight, u * inputs, data, inputs)), c: units, h: 1, w: 1};
  },
};

// The sum of products of `size` values, of `some` from `start`; four sums at once keep the processor busy.
function dot(some, start, others, size) {
  let [a, b, c, d, i] = [0, 0, 0, 0, 0];
  for (; i + 3 < size; i += 4) {
    a += some[start + i] * others[i];
    b += some[start + i + 1] * others[i + 1];
    c += some[start + i + 2] * others[i + 2];
    d += some[start + i + 3] * others[i + 3];
  }
  for (; i < size; i++) a += some[start + i] * others[i];
  return a + b + c + d;
}

// Raw pixels, 784 of 0 to 255, as the network takes them.
function scaled(image) {
  return {data: Float32Array.from(image, (ink) => (ink / 255 - stored.mean) / stored.std), c: 1, h: SIDE, w: SIDE};
}

// Raw pixels through the network, or its first layers.
function forward(image, layers = stored.layers) {
  return layers.reduce((values, layer) => steps[layer.kind](layer, values), scaled(image));
}

function softmax(logits) {
  const largest = Math.max(...logits), sizes = Array.from(logits, (logit) => Math.exp((logit - largest) / stored.temperature));
  const sum = sizes.reduce((total, size) => total + size, 0);
  return sizes.map((size) => size / sum);
}

function doubtOf(confidence) {
  if (confidence < stored.doubt.not_a_digit) return "probably not a digit";
  return confidence < stored.doubt.unsure ? "unsure" : "";
}

// An image, moved by some pixels and made higher and wider by a factor each, about its middle; what comes in is paper.
function move(image, [down, right], [height, width] = [1, 1]) {
  const middle = (SIDE - 1) / 2;
  const ink = (row, column) => (Math.min(row, column) < 0 || Math.max(row, column) >= SIDE ? 0 : image[row * SIDE + column]);
  return Float32Array.from(image, (_, i) => {
    const from = (Math.floor(i / SIDE) - middle - down) / height + middle, at = (i % SIDE - middle - right) / width + middle;
    const [row, column] = [Math.floor(from), Math.floor(at)], [low, far] = [from - row, at - column];
    const upper = (1 - far) * ink(row, column) + far * ink(row, column + 1);
    return (1 - low) * upper + low * ((1 - far) * ink(row + 1, column) + far * ink(row + 1, column + 1));
  });
}

// The largest, or with Math.min the least, value of the size × size pixels about each one.
function pool(image, size, pick) {
  const half = (size - 1) / 2, near = (at) => [Math.max(0, at - half), Math.min(SIDE - 1, at + half)];
  return Float32Array.from(image, (value, i) => {
    const [top, bottom] = near(Math.floor(i / SIDE)), [left, right] = near(i % SIDE);
    for (let row = top; row <= bottom; row++) for (let at = left; at <= right; at++) value = pick(value, image[row * SIDE + at]);
    return value;
  });
}

// A digit as it might have been written; see `redraw` in digits/transforms.py.
const redraw = [
  ...[[-1, -1], [-1, 1], [1, -1], [1, 1]].map((shift) => (image) => move(image, shift)),
  (image) => pool(image, 3, Math.max),
  (image) => pool(pool(image, 5, Math.max), 5, Math.min),
  (image) => move(image, [0, 0], [1.15, 1.15]),
  (image) => move(image, [0, 0], [1, 0.8]),
];

// Strokes come first: what the hand does is drawn before the next look.
const strokes = () => new Promise((done) => setTimeout(done));

// The probabilities of an image; where the network is not sure enough, their mean over nine looks at it.
async function look(image) {
  await strokes();
  const first = softmax(forward(image).data), all = [first];
  if (Math.max(...first) >= stored.second_look) return first;
  for (const change of redraw) {
    await strokes();
    all.push(softmax(forward(change(image)).data));
  }
  return first.map((_, k) => all.reduce((sum, one) => sum + one[k], 0) / all.length);
}

async function predict(image) {
  const probabilities = await look(image), confidence = Math.max(...probabilities);
  return {name: stored.classes[probabilities.indexOf(confidence)], probabilities, note: doubtOf(confidence)};
}

// Values from 0 as bytes, the largest as 255.
function toBytes(values) {
  const largest = values.reduce((most, value) => Math.max(most, value), 1e-9);
  return Uint8Array.from(values, (value) => Math.round(255 * value / largest));
}

// The maps of the first layer, after the first ReLU: (C, H, W) bytes, and their shape.
function firstMaps(image) {
  const at = stored.layers.findIndex(({kind}) => kind === "relu");
  if (at < 0) return {maps: new Uint8Array(0), shape: [0, 1, 1]};
  const flat = stored.layers[at - 1]?.kind === "flatten"; // what it flattens has a place
  const {data, c, h, w} = steps.relu(null, forward(image, stored.layers.slice(0, flat ? at - 1 : at)));
  if (h * w > 1) return {maps: toBytes(data), shape: [c, h, w]};
  const side = Math.ceil(Math.sqrt(c)), square = new Float32Array(side * side); // units without a place
  square.set(data);
  return {maps: toBytes(square), shape: [1, side, side]};
}

const backend = {
  source: stored.source,
  known: new Map(), // answers by image: of a number only the digit that is being drawn changes
  async classify(images) {
    const digits = [];
    for (const image of images) {
      const key = image.join();
      if (!this.known.has(key)) {
        if (this.known.size > 100) this.known.clear();
        this.known.set(key, await predict(image));
      }
      digits.push(this.known.get(key));
    }
    return {classes: stored.classes, digits};
  },
  async *lookInside(image) {
    const maps = firstMaps(image);
    await strokes();
    yield {...maps, looked: null}; // for who has drawn on meanwhile, nothing more is computed
    for await (const looked of lookedAt(image)) yield {...maps, looked};
  },
};
