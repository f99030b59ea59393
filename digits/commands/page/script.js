// Draws strokes on a canvas, and asks the server what they say; see digits/commands/demo.py.

const PEN = 26; // width in pixels of the canvas
const canvas = element.querySelector("canvas"), pen = canvas.getContext("2d");
const reading = element.querySelector(".reading"), seen = element.querySelector(".seen");
const file = element.querySelector("input");
let strokes = [], drawing = false, asked = 0, waiting = null;

function redraw() {
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.lineWidth = PEN;
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    for (const [x, y] of stroke) pen.lineTo(x, y);
    pen.lineTo(...stroke[stroke.length - 1]);  // a dot, too
    pen.stroke();
  }
}
async function ask(picture) {
  clearTimeout(waiting);
  waiting = null;
  const number = ++asked;
  reading.ariaBusy = true;
  const answer = await server.read(picture);
  if (number !== asked) return;  // another stroke is further
  reading.textContent = answer[0];
  seen.innerHTML = answer[1];
  reading.ariaBusy = false;
}
const askCanvas = () => ask(canvas.toDataURL("image/png"));
const askSoon = () => { waiting ??= setTimeout(askCanvas, 150); };
function point(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
}
canvas.onpointerdown = (event) => {
  canvas.setPointerCapture(event.pointerId);
  drawing = true;
  strokes.push([point(event)]);
  redraw();
};
canvas.onpointermove = (event) => {
  if (!drawing) return;
  strokes[strokes.length - 1].push(point(event));
  redraw();
  askSoon();
};
canvas.onpointerup = canvas.onpointercancel = () => {
  if (drawing) askCanvas();
  drawing = false;
};
element.querySelector(".undo").onclick = () => { strokes.pop(); redraw(); askCanvas(); };
element.querySelector(".clear").onclick = () => { strokes = []; redraw(); askCanvas(); };
function show(photo) {
  reading.ariaBusy = true;
  const reader = new FileReader();
  reader.onload = () => {
    const picture = new Image();
    picture.onload = () => {
      const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
      const [w, h] = [picture.width * scale, picture.height * scale];
      pen.drawImage(picture, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
    };
    picture.src = reader.result;
    strokes = [];
    redraw();
    ask(reader.result);
  };
  reader.readAsDataURL(photo);
}
file.onchange = () => { if (file.files.length) show(file.files[0]); file.value = ""; };
element.ondragover = (event) => event.preventDefault();
element.ondrop = (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) show(event.dataTransfer.files[0]);
};
redraw();
