"use strict";
// Boxes come with their columns and heights; here they are drawn, opened, searched and told about.
// All text from the record goes in as text nodes, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { members, boxes, lines, size } = data;
  const drawing = document.getElementById("drawing");
  const world = document.getElementById("world");
  const aside = document.querySelector("aside");
  const tip = document.getElementById("tip");
  const search = document.querySelector("input");
  const map = document.getElementById("map");
  const WIDE = size.width, HIGH = size.height, GAP = size.gap;
  const READABLE = 0.85;  // the scale at which names are easy to read
  const MOST = 1500;  // members of an open group that are drawn; search finds the others
  const CELL = { width: 150, height: 26, gap: 6, pad: 12, head: 30 };

  const before = members.map(() => []), after = members.map(() => []);
  for (const [source, target, category] of data.links) {
    after[source].push([target, category]);
    before[target].push([source, category]);
  }
  const boxOf = [];
  boxes.forEach((box, number) => box.members.forEach((member) => { boxOf[member] = number; }));
  const family = (kind) => (kind === "artifact" || kind === "code" ? kind : "run");
  const roots = new Set(data.roots);

  const opened = new Set();
  let chosen = null;      // {box, member}; member is null for a closed group as a whole
  let matches = null;     // set of members, or null while nothing is searched for
  let turn = 0;           // which match was shown last
  let view = { x: 0, y: 0, scale: 1 };
  let places = [];        // of each box: x, y (left upper corner), width, height
  const cells = new Map(); // member: x, y, width, height, where it is drawn inside an open group

  function element(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function html(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const pen = document.createElement("canvas").getContext("2d");
  const fonts = { name: "600 13px ", sub: "11px " };
  const face = getComputedStyle(document.body).fontFamily;
  function fitted(text, width, style) {
    pen.font = fonts[style] + face;
    if (pen.measureText(text).width <= width) return text;
    const letters = Array.from(text);
    let low = 0, high = letters.length;
    const cut = (count) => letters.slice(0, Math.ceil(count * 0.6)).join("") + "…"
      + letters.slice(letters.length - Math.floor(count * 0.4)).join("");
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (pen.measureText(cut(middle)).width <= width) low = middle; else high = middle - 1;
    }
    return cut(low);
  }

  function outline(kind, x, y, width, height) {
    if (kind === "code") {
      const tip = Math.min(11, height / 2);
      return `M${x + tip} ${y}H${x + width - tip}L${x + width} ${y + height / 2}L${x + width - tip} ${y + height}H${x + tip}L${x} ${y + height / 2}Z`;
    }
    if (kind === "artifact") {
      const fold = Math.min(11, height / 2.5);
      return `M${x} ${y}H${x + width - fold}L${x + width} ${y + fold}V${y + height}H${x}Z`;
    }
    const r = Math.min(12, height / 2);
    return `M${x + r} ${y}H${x + width - r}A${r} ${r} 0 0 1 ${x + width} ${y + r}V${y + height - r}A${r} ${r} 0 0 1 ${x + width - r} ${y + height}H${x + r}A${r} ${r} 0 0 1 ${x} ${y + height - r}V${y + r}A${r} ${r} 0 0 1 ${x + r} ${y}Z`;
  }

  function spread(box) {
    const count = Math.min(box.members.length, MOST);
    const columns = Math.max(1, Math.round(Math.sqrt(count / 6)));
    const rows = Math.ceil(count / columns);
    return {
      columns,
      width: Math.max(WIDE, columns * (CELL.width + CELL.gap) - CELL.gap + 2 * CELL.pad),
      height: rows * (CELL.height + CELL.gap) - CELL.gap + 2 * CELL.pad + CELL.head,
    };
  }

  // An open group takes more room: its column gets wider, and what is above and below makes way.
  function arrange() {
    const count = Math.max(...boxes.map((box) => box.column)) + 1;
    const wide = Array(count).fill(WIDE);
    const sizes = boxes.map((box, number) => {
      if (!opened.has(number)) return { width: WIDE, height: HIGH };
      const room = spread(box);
      wide[box.column] = Math.max(wide[box.column], room.width);
      return room;
    });
    const left = [];
    let x = 0;
    for (let column = 0; column < count; column++) { left.push(x); x += wide[column] + GAP; }
    const inColumn = Array.from({ length: count }, () => []);
    boxes.forEach((box, number) => {
      inColumn[box.column].push({ y: box.y, more: sizes[number].height - HIGH, number });
    });
    const bends = lines.map((line) => [...line.bends]);
    lines.forEach((line, index) => line.bends.forEach((y, step) => {
      inColumn[line.column + 1 + step].push({ y, more: 0, index, step });
    }));
    places = [];
    for (const column of inColumn) {
      column.sort((a, b) => a.y - b.y);
      let moved = -column.reduce((sum, item) => sum + item.more, 0) / 2;
      for (const item of column) {
        if (item.number === undefined) { bends[item.index][item.step] = item.y + moved; continue; }
        const box = boxes[item.number], room = sizes[item.number];
        places[item.number] = {
          x: left[box.column] + (wide[box.column] - room.width) / 2,
          y: item.y - HIGH / 2 + moved, ...room,
        };
        moved += item.more;
      }
    }
    return { left, wide, bends };
  }

  function route(from, to, line, bends, left, wide) {
    const curve = (x0, y0, x1, y1) => {
      const pull = Math.max(24, (x1 - x0) / 2);
      return `C${x0 + pull} ${y0} ${x1 - pull} ${y1} ${x1} ${y1}`;
    };
    let x = from.x + from.width, y = from.y + from.height / 2;
    let path = `M${x} ${y}`;
    bends.forEach((bend, step) => {
      const column = line.column + 1 + step;
      path += curve(x, y, left[column], bend) + `H${left[column] + wide[column]}`;
      x = left[column] + wide[column];
      y = bend;
    });
    return path + curve(x, y, to.x - 2, to.y + to.height / 2);
  }

  function draw() {
    const { left, wide, bends } = arrange();
    cells.clear();
    const drawnLines = lines.map((line, index) => {
      const path = element("path", {
        class: "line" + (line.ends.includes("start") ? " back" : ""),
        d: route(places[line.from], places[line.to], line, bends[index], left, wide),
      });
      for (const end of line.ends) path.setAttribute(`marker-${end}`, "url(#arrow)");
      return path;
    });
    document.getElementById("lines").replaceChildren(...drawnLines);
    document.getElementById("boxes").replaceChildren(
      ...boxes.map((box, number) => (opened.has(number) ? drawOpen(box, number) : drawBox(box, number))));
    map.replaceChildren(
      ...boxes.map((box, number) => element("rect", { class: family(box.kind), ...places[number], rx: 8 })),
      element("rect", { class: "seen" }));
    paint();
  }

  function mark(node, number, member, label) {
    node.dataset.box = number;
    if (member !== null) node.dataset.member = member;
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", label);
    return node;
  }

  function drawBox(box, number) {
    const { x, y } = places[number];
    const kind = family(box.kind), several = box.members.length > 1;
    const first = members[box.members[0]];
    const classes = ["box", kind];
    if (box.members.some((member) => roots.has(member))) classes.push("root");
    if (kind !== "run" && !box.made) classes.push("origin");
    const node = element("g", { class: classes.join(" ") });
    if (several) {
      node.append(element("path", { class: "shape", d: outline(kind, x + 7, y + 7, WIDE, HIGH), opacity: .45 }),
        element("path", { class: "shape", d: outline(kind, x + 3.5, y + 3.5, WIDE, HIGH), opacity: .7 }));
    }
    node.append(element("path", { class: "shape", d: outline(kind, x, y, WIDE, HIGH) }));
    if (kind === "artifact") {
      node.append(element("path", { class: "fold shape", d: `M${x + WIDE - 11} ${y}V${y + 11}H${x + WIDE}` }));
    }
    let begin = x + 12;
    if (kind === "code") {
      node.append(element("text", { class: "glyph", x: x + 13, y: y + HIGH / 2 }, "</>"));
      begin = x + 43;
    }
    const room = x + WIDE - 10 - begin;
    node.append(
      element("text", { class: "name", x: begin, y: y + HIGH / 2 - 8 }, fitted(box.label, room, "name")),
      element("text", { class: "sub", x: begin, y: y + HIGH / 2 + 9 },
        fitted(several ? box.note || "click to open" : first.sub, room, "sub")));
    if (kind === "run" && box.members.some((member) => members[member].bad)) {
      node.append(element("circle", { class: "dot", cx: x + WIDE - 4, cy: y + 4, r: 6 }));
    }
    node.append(element("path", { class: "ring", d: outline(kind, x - 4, y - 4, WIDE + 8, HIGH + 8) }));
    return mark(node, number, several ? null : box.members[0], `${box.kind} ${box.label}`);
  }

  function drawOpen(box, number) {
    const { x, y, width, height, columns } = places[number];
    const kind = family(box.kind);
    const node = element("g", { class: `box open ${kind}` });
    node.append(
      element("rect", { class: "shape", x, y, width, height, rx: 10 }),
      element("text", { class: "name", x: x + CELL.pad, y: y + 18 }, fitted(box.label, width - 160, "name")),
      element("text", { class: "sub", x: x + width - CELL.pad, y: y + 18, "text-anchor": "end" },
        box.members.length > MOST ? `the first ${MOST}; click to close` : "click to close"));
    mark(node, number, null, box.label);
    const inner = box.members.slice(0, MOST).map((member, index) => {
      const place = {
        x: x + CELL.pad + (index % columns) * (CELL.width + CELL.gap),
        y: y + CELL.pad + CELL.head - 6 + Math.floor(index / columns) * (CELL.height + CELL.gap),
        width: CELL.width, height: CELL.height,
      };
      cells.set(member, place);
      const shape = (d, more) => outline(kind, place.x - more, place.y - more, CELL.width + 2 * more, CELL.height + 2 * more);
      const cell = element("g", { class: `cell ${kind}` + (roots.has(member) ? " root" : "") },
        element("path", { class: "shape", d: shape(kind, 0) }),
        element("text", { class: "name", x: place.x + 12, y: place.y + CELL.height / 2 },
          fitted(members[member].name.replace(/^.*\/(?=.)/s, ""), CELL.width - 24, "name")));
      if (members[member].bad) cell.append(element("circle", { class: "dot", cx: place.x + CELL.width - 3, cy: place.y + 3, r: 5 }));
      cell.append(element("path", { class: "ring", d: shape(kind, 2) }));
      return mark(cell, number, member, members[member].name);
    });
    return element("g", {}, node, ...inner);
  }

  // Everything upstream and downstream of what is chosen stays bright, the rest steps back.
  function kin(starts) {
    const found = new Set(starts);
    for (const links of [before, after]) {
      const rest = [...starts], seen = new Set(starts);
      while (rest.length) {
        for (const [next] of links[rest.pop()]) {
          if (!seen.has(next)) { seen.add(next); found.add(next); rest.push(next); }
        }
      }
    }
    return found;
  }

  function paint() {
    const focus = chosen === null ? null
      : chosen.member === null ? boxes[chosen.box].members : [chosen.member];
    const bright = matches ?? (focus && kin(focus));
    const lit = boxes.map((box) => !bright || box.members.some((member) => bright.has(member)));
    for (const node of document.querySelectorAll(".box, .cell")) {
      const number = Number(node.dataset.box);
      const member = node.dataset.member === undefined ? null : Number(node.dataset.member);
      const isCell = node.classList.contains("cell");
      node.classList.toggle("dim", isCell ? Boolean(bright) && !bright.has(member) : !lit[number]);
      node.classList.toggle("chosen", chosen !== null && chosen.box === number
        && (isCell ? chosen.member === member : chosen.member === null || !opened.has(number)));
    }
    document.querySelectorAll("#lines .line").forEach((path, index) => {
      path.classList.toggle("dim", Boolean(bright) && !(lit[lines[index].from] && lit[lines[index].to]));
    });
    const near = [];
    if (chosen !== null && chosen.member !== null) {
      const at = (member) => cells.get(member) ?? places[boxOf[member]];
      const join = (source, target) => {
        const a = at(source), b = at(target);
        const path = element("path", { class: "line near", "marker-end": "url(#arrow-near)",
          d: route(a, b, { column: 0 }, [], [], []) });
        near.push(path);
      };
      if (cells.has(chosen.member)) {
        before[chosen.member].forEach(([other]) => join(other, chosen.member));
        after[chosen.member].forEach(([other]) => join(chosen.member, other));
      }
    }
    document.getElementById("near").replaceChildren(...near);
  }

  function list(title, items) {
    if (!items.length) return [];
    const shown = items.slice(0, 200).map(([member, note]) => {
      const button = html("button", { class: family(members[member].kind) }, members[member].name + (note ? `  (${note})` : ""));
      button.addEventListener("click", () => show(member));
      return html("li", {}, button);
    });
    if (items.length > 200) shown.push(html("li", {}, `… and ${items.length - 200} more`));
    return [html("h3", {}, `${title} (${items.length})`), html("ul", {}, ...shown)];
  }

  function tell() {
    const was = aside.hidden;
    aside.hidden = chosen === null;
    if (chosen !== null) {
      const close = html("button", { class: "close", "aria-label": "Close" }, "×");
      close.addEventListener("click", () => choose(null));
      const box = boxes[chosen.box];
      if (chosen.member === null) {
        const open = html("button", {}, opened.has(chosen.box) ? "Close the group" : "Open the group");
        open.addEventListener("click", () => toggle(chosen.box));
        aside.replaceChildren(close, html("h2", {}, box.label),
          html("span", { class: `tag ${family(box.kind)}` }, box.kind), html("p", {}, box.note), html("p", {}, open),
          ...list("Members", box.members.map((member) => [member, ""])));
      } else {
        const member = members[chosen.member];
        const table = (rows) => html("dl", {}, ...rows.flatMap(([key, value]) => [html("dt", {}, key), html("dd", {}, value)]));
        const run = family(member.kind) === "run";
        const words = (links) => links.map(([other, category]) => [other, run && category === "code" ? "code" : ""]);
        aside.replaceChildren(close, html("h2", {}, member.name),
          html("span", { class: `tag ${family(member.kind)}` }, member.kind),
          table(member.facts), ...(member.parameters.length ? [html("h3", {}, "Parameters"), table(member.parameters)] : []),
          ...list(run ? "Took in" : "Put out by", words(before[chosen.member])),
          ...list(run ? "Put out" : "Taken in by", words(after[chosen.member])));
      }
      aside.scrollTop = 0;
    }
    if (was !== aside.hidden) move();
  }

  function choose(next) {
    chosen = next;
    tell();
    paint();
  }
  function toggle(number) {
    const anchor = places[number];
    if (!opened.delete(number)) opened.add(number);
    if (chosen !== null && chosen.box === number) chosen = { box: number, member: null };
    draw();
    view.x += (anchor.x - places[number].x) * view.scale;  // the group stays where it was
    view.y += (anchor.y - places[number].y) * view.scale;
    tell();
    move();
    if (opened.has(number)) reveal(places[number]);
  }
  function reveal({ x, y, width, height }) {
    const room = drawing.getBoundingClientRect();
    const [left, top] = [x * view.scale + view.x, y * view.scale + view.y];
    if (left >= 0 && top >= 0 && left + width * view.scale <= room.width && top + height * view.scale <= room.height) return;
    const scale = Math.min(view.scale, Math.max(0.65, Math.min((room.width - 48) / width, (room.height - 48) / height)));
    centre(x + Math.min(width, (room.width - 48) / scale) / 2, y + Math.min(height, (room.height - 48) / scale) / 2, scale);
  }
  function show(member) {
    const number = boxOf[member];
    if (boxes[number].members.length > 1 && !opened.has(number)) { opened.add(number); draw(); }
    choose({ box: number, member });
    const place = cells.get(member) ?? places[number];
    centre(place.x + place.width / 2, place.y + place.height / 2, Math.max(view.scale, 0.7));
  }

  function move() {
    world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
    overview();
  }

  // The whole in small, with a frame round what is seen, as long as that is not all.
  function extent() {
    return {
      left: Math.min(...places.map((place) => place.x)), right: Math.max(...places.map((place) => place.x + place.width)),
      top: Math.min(...places.map((place) => place.y)), bottom: Math.max(...places.map((place) => place.y + place.height)),
    };
  }
  function overview() {
    const room = drawing.getBoundingClientRect(), whole = extent();
    const seen = { x: -view.x / view.scale, y: -view.y / view.scale, width: room.width / view.scale, height: room.height / view.scale };
    map.toggleAttribute("hidden", seen.x <= whole.left && seen.y <= whole.top
      && seen.x + seen.width >= whole.right && seen.y + seen.height >= whole.bottom);
    const wide = whole.right - whole.left, high = whole.bottom - whole.top, edge = Math.max(wide, high) * 0.03;
    const scale = Math.min(250 / wide, 130 / high);
    map.setAttribute("viewBox", [whole.left - edge, whole.top - edge, wide + 2 * edge, high + 2 * edge].join(" "));
    map.setAttribute("width", Math.max(60, wide * scale));
    map.setAttribute("height", Math.max(34, high * scale));
    const frame = map.querySelector(".seen");
    if (frame) for (const [key, value] of Object.entries(seen)) frame.setAttribute(key, value);
  }
  function look(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
    centre(at.x, at.y, view.scale);
  }
  function centre(x, y, scale) {
    const room = drawing.getBoundingClientRect();
    view = { scale, x: room.width / 2 - x * scale, y: room.height / 2 - y * scale };
    move();
  }
  function zoom(factor, x, y) {
    const room = drawing.getBoundingClientRect();
    x ??= room.width / 2;
    y ??= room.height / 2;
    const scale = Math.min(4, Math.max(0.03, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    move();
  }
  // Until somebody moves it, the picture goes on fitting its window, which has no size yet where a notebook is far from
  // what is seen of its page.
  const stand = () => `${view.x} ${view.y} ${view.scale}`;
  let home = { stand: "", least: 0.03 };
  function fit(least = 0.03) {
    place(least);
    home = { stand: stand(), least, empty: !drawing.getBoundingClientRect().width };
  }
  function place(least) {
    const room = drawing.getBoundingClientRect(), whole = extent();
    const wide = whole.right - whole.left, high = whole.bottom - whole.top;
    const scale = Math.min((room.width - 48) / wide, (room.height - 96) / high, 1.25);
    const middle = [(whole.left + whole.right) / 2, (whole.top + whole.bottom) / 2];
    if (scale >= least) return centre(...middle, scale);
    // Too much to be read at once: what was asked for, with as much round it as there is room for.
    const root = places[boxOf[data.roots[0] ?? 0]];
    const near = (at, low, high, half) => (high - low <= 2 * half ? (low + high) / 2 : Math.min(Math.max(at, low + half), high - half));
    const [x, y] = [root.x + root.width / 2, root.y + root.height / 2];
    const [across, down] = [(room.width - 48) / 2 / READABLE, (room.height - 96) / 2 / READABLE];
    centre(near(x, whole.left, whole.right, across), near(y, whole.top, whole.bottom, down), READABLE);
  }

  function seek() {
    const wanted = search.value.trim().toLowerCase();
    matches = !wanted ? null : new Set(members.flatMap((member, number) =>
      ([member.name, member.id, ...member.facts.flat(), ...member.parameters.flat()].some((text) => text.toLowerCase().includes(wanted)) ? [number] : [])));
    document.getElementById("found").textContent = matches ? `${matches.size} found` : "";
    turn = 0;
    paint();
  }

  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    const room = drawing.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), event.clientX - room.left, event.clientY - room.top);
  }, { passive: false });
  const pointers = new Map();
  let dragged = 0;
  drawing.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    dragged = 0;
  });
  drawing.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return hover(event);
    const [x, y] = [event.clientX, event.clientY];
    if (pointers.size === 1) {
      view.x += x - last[0];
      view.y += y - last[1];
    } else {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const room = drawing.getBoundingClientRect();
      const length = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]) || 1;
      zoom(length([x, y]) / length(last), other[0] - room.left, other[1] - room.top);
    }
    dragged += Math.abs(x - last[0]) + Math.abs(y - last[1]);
    if (dragged > 4) { drawing.classList.add("moving"); tip.hidden = true; drawing.setPointerCapture(event.pointerId); }
    pointers.set(event.pointerId, [x, y]);
    move();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    drawing.addEventListener(name, (event) => { pointers.delete(event.pointerId); drawing.classList.remove("moving"); });
  }
  map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); look(event); });
  map.addEventListener("pointermove", (event) => { if (event.buttons) look(event); });
  addEventListener("resize", () => { if (stand() === home.stand) fit(home.least); else overview(); });
  new ResizeObserver(() => { if (home.empty) fit(home.least); }).observe(drawing);  // where no window changes its size
  drawing.addEventListener("pointerleave", () => { tip.hidden = true; });

  const touched = (event) => event.target.closest(".box, .cell");
  function act(node) {
    tip.hidden = true;
    const box = Number(node.dataset.box);
    if (node.dataset.member === undefined) { chosen = { box, member: null }; return toggle(box); }
    choose({ box, member: Number(node.dataset.member) });
  }
  drawing.addEventListener("click", (event) => {
    if (dragged > 4) return;
    const node = touched(event);
    if (node) act(node); else choose(null);
  });
  function hover(event) {
    const node = touched(event);
    tip.hidden = !node;
    if (!node) return;
    const box = boxes[Number(node.dataset.box)];
    const member = node.dataset.member === undefined ? null : members[Number(node.dataset.member)];
    tip.textContent = member === null ? `${box.label}\n${box.note ? `${box.note} · ` : ""}click to open` : `${member.name}\n${[member.kind, member.sub].filter(Boolean).join(" · ")}`;
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8)}px`;
  }

  search.addEventListener("input", seek);
  document.addEventListener("keydown", (event) => {
    if (event.target === search) {
      if (event.key === "Enter" && matches?.size) { show([...matches][turn % matches.size]); turn += 1; }
      if (event.key === "Escape") { search.value = ""; seek(); search.blur(); }
      return;
    }
    const node = event.target.closest?.(".box, .cell");
    if (node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); return act(node); }
    const pan = (x, y) => { view.x += x; view.y += y; move(); };
    const keys = { ArrowLeft: () => pan(80, 0), ArrowRight: () => pan(-80, 0), ArrowUp: () => pan(0, 80),
      ArrowDown: () => pan(0, -80), "+": () => zoom(1.25), "-": () => zoom(0.8), "0": () => fit(), Escape: () => choose(null),
      "/": () => { event.preventDefault(); search.focus(); } };
    keys[event.key]?.();
  });
  document.getElementById("in").addEventListener("click", () => zoom(1.25));
  document.getElementById("out").addEventListener("click", () => zoom(0.8));
  document.getElementById("fit").addEventListener("click", () => fit());
  const groups = boxes.flatMap((box, number) => (box.members.length > 1 ? [number] : []));
  const all = document.getElementById("all");
  all.hidden = !groups.length;
  all.addEventListener("click", () => {
    const open = opened.size < groups.length;
    opened.clear();
    if (open) groups.forEach((number) => opened.add(number));
    all.textContent = open ? "Collapse all" : "Expand all";
    draw();
    fit();
  });

  document.querySelector("h1").textContent = data.title;
  document.querySelector(".what").textContent = data.what;
  const key = (kind, word, more = "") => {
    const picture = element("svg", { width: 24, height: 18 }, element("g", { class: `${kind} ${more}` },
      element("path", { class: "shape", "stroke-width": 1.3, d: outline(kind, 1, 1, 22, 16) })));
    return html("span", {}, picture, word);
  };
  document.getElementById("legend").append(key("run", "run"), key("artifact", "file"),
    key("artifact", "file no run here put out", "origin"), key("code", "code"));
  draw();
  fit(0.6);
})();
