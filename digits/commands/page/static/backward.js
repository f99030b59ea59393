"use strict";
// Where the network of network.js looked: the derivative of its answer by each pixel, as digits/commands/page/inside.py has it.

const NOISY = 8, NOISE = 0.1; // copies of the image that the derivative is averaged over, and their noise, of full ink

// For each kind of layer: from its input and the derivative by its output to the derivative by its input.
const stepsBack = {
  conv(layer, {c, h, w}, slope, {h: height, w: width}) {
    const {weight, stride, padding: [down, right]} = layer, [filters, , rows, columns] = layer.shape;
    const size = c * rows * columns, patch = new Float32Array(size), places = height * width, back = new Float32Array(c * h * w);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        patch.fill(0); // the derivative by what the filters see at this place
        for (let f = 0; f < filters; f++) {
          const part = slope[f * places + y * width + x];
          if (part) for (let k = 0, at = f * size; k < size; k++, at++) patch[k] += part * weight[at];
        }
        for (let k = 0; k < size; k++) {
          const row = y * stride + Math.floor(k / columns) % rows - down, column = x * stride + k % columns - right;
          if (row >= 0 && row < h && column >= 0 && column < w) back[(Math.floor(k / (rows * columns)) * h + row) * w + column] += patch[k];
        }
      }
    }
    return back;
  },
  scale: (layer, {h, w}, slope) => slope.map((value, i) => value * layer.weight[Math.floor(i / (h * w))]),
  pool(_, {data, h, w}, slope, {h: height, w: width}) {
    const back = new Float32Array(data.length);
    slope.forEach((value, i) => {
      const at = Math.floor(i / (height * width)) * h * w + 2 * (Math.floor(i / width) % height) * w + 2 * (i % width);
      back[[at, at + 1, at + w, at + w + 1].reduce((most, one) => (data[one] > data[most] ? one : most))] += value;
    });
    return back;
  },
  relu: (_, {data}, slope) => slope.map((value, i) => (data[i] > 0 ? value : 0)),
  flatten: (_, values, slope) => slope,
  linear(layer, {data}, slope) {
    const back = new Float32Array(data.length);
    slope.forEach((part, u) => {
      if (part) for (let k = 0, at = u * data.length; k < data.length; k++, at++) back[k] += part * layer.weight[at];
    });
    return back;
  },
};

// The derivative of the logit of one class, by default the likeliest, by each of the 784 pixels; and which class that is.
function slopeOf(image, likeliest = null) {
  const seen = [scaled(image)];
  for (const layer of stored.layers) seen.push(steps[layer.kind](layer, seen[seen.length - 1]));
  const logits = seen[seen.length - 1].data, chosen = likeliest ?? logits.indexOf(Math.max(...logits));
  let slope = Float32Array.from(logits, (_, k) => Number(k === chosen));
  for (let i = stored.layers.length - 1; i >= 0; i--) {
    const layer = stored.layers[i];
    slope = stepsBack[layer.kind](layer, seen[i], slope, seen[i + 1]);
  }
  return {slope, chosen};
}

// Numbers as drawn at random from a normal distribution, but the same each time.
function* normal() {
  for (let state = 1; ;) {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    yield sum;
  }
}

// Where the network looked, 784 bytes, first by the image itself, then better and better by its noisy copies, too.
async function* lookedAt(image) {
  const sum = new Float32Array(image.length), noise = normal();
  let likeliest = null;
  for (let copy = 0; copy <= NOISY; copy++) {
    const view = copy ? Float32Array.from(image, (ink) => ink + 255 * NOISE * noise.next().value) : image;
    const {slope, chosen} = slopeOf(view, likeliest);
    likeliest = chosen;
    slope.forEach((value, i) => { sum[i] += Math.abs(value); });
    const mean = Float32Array.from(sum, (_, i) => {
      const row = Math.floor(i / SIDE), column = i % SIDE;
      let total = 0;
      for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, SIDE - 1); y++) {
        for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, SIDE - 1); x++) total += sum[y * SIDE + x];
      }
      return total ** 2; // squared, as even the paper matters a little
    });
    await strokes();
    yield toBytes(mean);
  }
}
