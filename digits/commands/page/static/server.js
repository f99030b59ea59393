"use strict";
// What answers the page: the server that it came from; see digits/commands/page/app.py.

const LARGEST = 20 * 2 ** 20; // bytes of a photo

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function send(address, query = {}, body = null) {
  let response;
  try {
    const method = body === null ? "GET" : "POST";
    response = await fetch(`${address}?${new URLSearchParams(query)}`, {method, body});
  } catch {
    throw new Error("The server does not answer: was it ended?");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

const backend = {
  network: null,
  list: () => send("/networks"),
  query() { return this.network === null ? {} : {network: this.network}; },
  classify(images) { return send("/images", this.query(), new Blob(images)); },
  async readPicture(file) {
    if (file.size > LARGEST) throw new Error("This file is larger than 20 MB");
    const answer = await send("/picture", this.query(), file);
    if (answer.error) throw new Error(answer.error[0].toUpperCase() + answer.error.slice(1));
    for (const digit of answer.digits) if (digit.image) digit.image = bytesOf(digit.image);
    return answer;
  },
  async *lookInside(image) {
    const {maps, shape, looked} = await send("/inside", this.query(), new Blob([image]));
    yield {maps: bytesOf(maps), shape, looked: bytesOf(looked)};
  },
  save(label, pixels) { return send("/save", {...this.query(), label}, new Blob([pixels])); },
  train: () => send("/train", {}, new Blob([])),
  stop: () => send("/stop", {}, new Blob([])),
  training: () => send("/training"),
  forget(name) { return send("/forget", {name}, new Blob([])); },
};
