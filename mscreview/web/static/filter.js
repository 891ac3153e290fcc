/* Filters of the ledger: made from the table itself, which is whole without a script. */
(function () {
  "use strict";
  var COLUMNS = ["Kind", "Where", "State"];

  function start() {
    var exhibit = document.getElementById("tbl-ledger");
    var table = exhibit && exhibit.querySelector("table");
    if (!table) { return; }
    var heads = Array.from(table.tHead.rows[0].cells).map(function (cell) { return cell.textContent.trim().toLowerCase(); });
    var rows = Array.from(table.tBodies[0].rows);
    var form = document.createElement("form");
    form.className = "chooser";
    form.setAttribute("aria-label", "Filter the ledger");
    var fields = document.createElement("div");
    fields.className = "chooser-fields";
    var count = document.createElement("p");
    count.setAttribute("role", "status");
    var filters = [];

    function apply() {
      var shown = 0;
      rows.forEach(function (row) {
        var keep = filters.every(function (filter) { return filter(row); });
        row.hidden = !keep;
        if (keep) { shown += 1; }
      });
      count.textContent = shown + " of " + rows.length + " disagreements shown.";
    }

    function field(name, control) {
      var label = document.createElement("label");
      label.append(name, control);
      fields.append(label);
    }

    COLUMNS.forEach(function (name) {
      var column = heads.indexOf(name.toLowerCase());
      if (column < 0) { return; }
      var select = document.createElement("select");
      select.append(new Option("all", ""));
      rows.map(function (row) { return row.cells[column].textContent; })
        .filter(function (value, i, all) { return all.indexOf(value) === i; })
        .sort()
        .forEach(function (value) { select.append(new Option(value, value)); });
      select.addEventListener("change", apply);
      filters.push(function (row) { return !select.value || row.cells[column].textContent === select.value; });
      field(name, select);
    });
    var search = document.createElement("input");
    search.type = "search";
    search.addEventListener("input", apply);
    filters.push(function (row) { return row.textContent.toLowerCase().indexOf(search.value.toLowerCase()) >= 0; });
    field("Text", search);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.append(fields, count);
    exhibit.insertBefore(form, exhibit.firstChild);
    apply();
  }

  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", start); } else { start(); }
}());
