"use strict";
// The paper: strokes of mouse, finger or pen, on a photo or on nothing. Points are in pixels of the page.

class Paper {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed; // called after each change
    this.strokes = [];
    this.photo = null; // {file, picture}
    this.awaited = null; // the file that is to be the photo
    this.before = null; // {strokes, photo} that were cleared last
    this.kept = false; // whether all that is drawn is saved: the next stroke is of another drawing
    this.pointer = null; // that draws; others are ignored meanwhile, such as the palm beside a pen
    new ResizeObserver(() => this.resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    // A stroke is no swipe: after one, Chromium takes the next tap, on whatever, for the hand that stops the page.
    canvas.addEventListener("touchstart", (event) => event.preventDefault(), {passive: false});
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => { if (event.pointerId === this.pointer) this.pointer = null; });
    }
  }

  get penWidth() { return Math.max(6, 0.035 * Math.min(this.width, 1.2 * this.height)); }

  resize() {
    const {clientWidth: width, clientHeight: height} = this.canvas;
    if (!width || !height) return;
    if (this.width) { // what was drawn stays in the picture when a phone is turned
      const scale = Math.min(width / this.width, height / this.height, 1);
      for (const drawn of [this, this.before]) {
        if (drawn) drawn.strokes = drawn.strokes.map((stroke) => stroke.map(([x, y]) => [scale * x, scale * y]));
      }
    }
    [this.width, this.height] = [width, height];
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.draw();
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left - this.canvas.clientLeft, event.clientY - box.top - this.canvas.clientTop];
  }

  down(event) {
    if (this.pointer !== null || event.button > 0) return;
    if (this.kept) this.empty();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.point(event)]);
    this.update();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const several = event.getCoalescedEvents?.() ?? [];
    for (const one of several.length ? several : [event]) this.strokes[this.strokes.length - 1].push(this.point(one));
    this.update();
  }

  undo() {
    if (this.strokes.length) this.strokes.pop();
    else if (this.photo) this.photo = null;
    else if (this.before) [{strokes: this.strokes, photo: this.photo}, this.before] = [this.before, null];
    [this.kept, this.pointer] = [false, null]; // a stroke that is being drawn ends with it
    this.update();
  }

  empty() {
    if (this.strokes.length || this.photo) this.before = {strokes: this.strokes, photo: this.photo};
    [this.strokes, this.photo, this.kept, this.pointer] = [[], null, false, null];
  }

  clear() {
    this.empty();
    this.update();
  }

  async show(file) {
    let picture = null;
    this.awaited = file;
    try { picture = await createImageBitmap(file); } catch { /* the server says what is wrong with it */ }
    if (this.awaited !== file) return; // another was dropped meanwhile
    this.empty();
    this.photo = {file, picture};
    this.update();
  }

  update() {
    this.draw();
    this.changed();
  }

  // Where the photo is: its corner and how much it is reduced.
  place() {
    const {width, height} = this.photo.picture;
    const scale = Math.min(this.width / width, this.height / height);
    return {scale, left: (this.width - width * scale) / 2, top: (this.height - height * scale) / 2};
  }

  draw() {
    const pen = this.canvas.getContext("2d"), style = getComputedStyle(this.canvas);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.fillStyle = pen.strokeStyle = style.color;
    if (this.photo?.picture) {
      const {scale, left, top} = this.place(), {picture} = this.photo;
      this.drawPhoto(pen, left, top, picture.width * scale, picture.height * scale);
    }
    trace(pen, this.strokes, this.penWidth);
  }

  // Draw the photo, on paper where it is transparent, and take the ink that shows on it.
  drawPhoto(pen, ...place) {
    this.photo.colours ??= coloursFor(this.photo.picture);
    const {paper, ink} = this.photo.colours;
    pen.fillStyle = paper;
    pen.fillRect(...place);
    pen.drawImage(this.photo.picture, ...place);
    pen.fillStyle = pen.strokeStyle = ink;
  }

  // The photo with what was drawn on it, a file of a picture.
  async composed() {
    if (!this.strokes.length || !this.photo.picture) return this.photo.file;
    const {picture} = this.photo, {scale, left, top} = this.place();
    const size = Math.min(1, 1600 / Math.max(picture.width, picture.height)); // of the result, to the photo
    const canvas = new OffscreenCanvas(Math.round(picture.width * size), Math.round(picture.height * size));
    const pen = canvas.getContext("2d");
    this.drawPhoto(pen, 0, 0, canvas.width, canvas.height);
    const onto = ([x, y]) => [(x - left) / scale * size, (y - top) / scale * size];
    trace(pen, this.strokes.map((stroke) => stroke.map(onto)), this.penWidth / scale * size);
    return canvas.convertToBlob({type: "image/png"});
  }
}

// The paper that the ink of a transparent picture needs, as digits/pages/grey.py has it: white, or black if the ink is
// light. And the ink that shows on both: black on light, white on dark.
function coloursFor(picture) {
  const side = 64, pen = new OffscreenCanvas(side, side).getContext("2d");
  pen.imageSmoothingQuality = "high"; // so that no thin stroke is missed
  pen.drawImage(picture, 0, 0, side, side);
  const {data} = pen.getImageData(0, 0, side, side), all = 255 * side * side;
  let light = 0, opaque = 0;
  for (let i = 0; i < data.length; i += 4) {
    light += data[i + 3] * (data[i] + data[i + 1] + data[i + 2]) / 3;
    opaque += data[i + 3];
  }
  const paper = light <= 127.5 * opaque ? 255 : 0;
  const mean = (light + paper * (all - opaque)) / all;
  return {paper: paper ? "white" : "black", ink: mean > 100 ? "black" : "white"};
}
