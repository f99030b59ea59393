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
    let ink = style.color;
    if (this.photo?.picture) {
      const {scale, left, top} = this.place(), {picture} = this.photo;
      pen.drawImage(picture, left, top, picture.width * scale, picture.height * scale);
      ink = this.inkForPhoto();
    }
    pen.fillStyle = pen.strokeStyle = ink;
    trace(pen, this.strokes, this.penWidth);
  }

  // Black on a light photo, white on a dark one.
  inkForPhoto() {
    if (!this.photo.ink) {
      const one = document.createElement("canvas");
      one.width = one.height = 8;
      const pen = one.getContext("2d");
      pen.drawImage(this.photo.picture, 0, 0, 8, 8);
      const {data} = pen.getImageData(0, 0, 8, 8);
      const light = data.reduce((sum, value, i) => sum + (i % 4 < 3 ? value : 0), 0) / (8 * 8 * 3);
      this.photo.ink = light > 100 ? "black" : "white";
    }
    return this.photo.ink;
  }

  // The photo with what was drawn on it, a file of a picture.
  async composed() {
    if (!this.strokes.length || !this.photo.picture) return this.photo.file;
    const {picture} = this.photo, {scale, left, top} = this.place();
    const size = Math.min(1, 1600 / Math.max(picture.width, picture.height)); // of the result, to the photo
    const canvas = new OffscreenCanvas(Math.round(picture.width * size), Math.round(picture.height * size));
    const pen = canvas.getContext("2d");
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    pen.fillStyle = pen.strokeStyle = this.inkForPhoto();
    const onto = ([x, y]) => [(x - left) / scale * size, (y - top) / scale * size];
    trace(pen, this.strokes.map((stroke) => stroke.map(onto)), this.penWidth / scale * size);
    return canvas.convertToBlob({type: "image/png"});
  }
}
