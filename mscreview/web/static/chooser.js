/* Lets a reader walk the grid of specifications: reads the table of the figure's data, which is there without a script too. */
(function () {
  "use strict";
  var AXES = 6;

  function make(tag, attributes, text) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
    if (text) { element.textContent = text; }
    return element;
  }

  function start() {
    var figure = document.getElementById("fig-specification-curve");
    var table = figure && figure.querySelector(".exhibit-data table");
    if (!table) { return; }
    var heads = Array.from(table.tHead.rows[0].cells).map(function (cell) { return cell.textContent; });
    var cells = Array.from(table.tBodies[0].rows).map(function (row) {
      return Array.from(row.cells).slice(0, AXES + 5).map(function (cell) { return cell.textContent; });
    });
    var main = ["risk ratio", "REML", "normal", "randomised only", "both added up", "nobody"];

    var form = make("form", { "class": "chooser", "aria-label": "Choose how to pool" });
    var fields = make("div", { "class": "chooser-fields" });
    var answer = make("p", { "class": "chooser-answer", "role": "status" });
    var changes = make("div", { "class": "chooser-changes" });
    var selects = heads.slice(0, AXES).map(function (head, axis) {
      var label = make("label", {}, head.charAt(0).toUpperCase() + head.slice(1));
      var select = make("select", { "name": "axis" + axis });
      cells.map(function (cell) { return cell[axis]; })
        .filter(function (value, i, all) { return all.indexOf(value) === i; })
        .forEach(function (value) { select.append(make("option", { "value": value }, value)); });
      select.addEventListener("change", function () { settle(axis); });
      label.append(select);
      fields.append(label);
      return select;
    });

    function same(a, b, except) {
      var count = 0;
      for (var i = 0; i < AXES; i += 1) { if (i !== except && a[i] === b[i]) { count += 1; } }
      return count;
    }

    /* Not every choice goes with every other: keep the one just made, and of the rest as many as possible. */
    function settle(axis) {
      var wanted = selects.map(function (select) { return select.value; });
      var best = null;
      cells.forEach(function (cell) {
        if (axis === null || cell[axis] === wanted[axis]) {
          if (!best || same(cell, wanted, -1) > same(best, wanted, -1)) { best = cell; }
        }
      });
      selects.forEach(function (select, i) { select.value = best[i]; });
      show(best, wanted);
    }

    function words(cell) {
      return cell[AXES + 1] + " (" + cell[AXES + 2] + " to " + cell[AXES + 3] + ")";
    }

    function show(cell, wanted) {
      var moved = heads.slice(0, AXES).filter(function (head, i) { return cell[i] !== wanted[i]; });
      answer.textContent = cell[0].charAt(0).toUpperCase() + cell[0].slice(1) + " " + words(cell) + " from " + cell[AXES] +
        " trials: the interval " + cell[AXES + 4].replace("below", "lies below").replace("above", "lies above") + "." +
        (moved.length ? " To go with that, " + moved.join(" and ") + " was changed too." : "");
      changes.textContent = "";
      var others = cells.filter(function (other) { return same(cell, other, -1) === AXES - 1; });
      var turns = others.filter(function (other) { return other[AXES + 4] !== cell[AXES + 4]; });
      changes.append(make("p", {}, turns.length + " of the " + others.length + " single changes from here change the answer" + (turns.length ? ":" : ".")));
      if (turns.length) {
        var list = make("ul");
        turns.forEach(function (other) {
          var axis = heads.slice(0, AXES).findIndex(function (head, i) { return other[i] !== cell[i]; });
          list.append(make("li", {}, heads[axis] + ": " + other[axis] + " gives " + words(other) + ", " + other[AXES + 4]));
        });
        changes.append(list);
      }
    }

    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.append(make("p", { "class": "chooser-title" }, "Choose how to pool"), fields, answer, changes);
    figure.insertBefore(form, figure.querySelector("figcaption").nextSibling);
    main.forEach(function (value, axis) { selects[axis].value = value; });
    settle(null);
  }

  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
}());
