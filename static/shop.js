/* Comfort only: every page works without this file. */
(function () {
  'use strict';
  var doc = document;
  var body = doc.body;
  function all(selector) { return Array.prototype.slice.call(doc.querySelectorAll(selector)); }
  function say(box, words) { if (box) box.textContent = words; }

  /* A form is sent once. Coming back with Back lifts the lock. */
  var locked = [];
  doc.addEventListener('submit', function (event) {
    var form = event.target;
    if (event.defaultPrevented || form.method !== 'post' || form.target || form.hasAttribute('data-again')) return;
    if (form.locked) { event.preventDefault(); return; }
    var button = event.submitter || form.querySelector('button:not([type=button])');
    form.locked = true;
    locked.push({ form: form, button: button, label: button && button.innerHTML });
    if (!button) return;
    button.style.inlineSize = button.offsetWidth + 'px';
    button.setAttribute('aria-disabled', 'true');
    button.textContent = form.dataset.busy || body.dataset.busy || 'One moment…';
  });
  window.addEventListener('pageshow', function () {
    locked.splice(0).forEach(function (lock) {
      lock.form.locked = false;
      if (!lock.button) return;
      lock.button.innerHTML = lock.label;
      lock.button.style.inlineSize = '';
      lock.button.removeAttribute('aria-disabled');
    });
  });

  /* Coming back to a page that answered a form opens it anew; the browser would ask whether to send the form again. */
  if (body.dataset.shownAt) history.replaceState(null, '', body.dataset.shownAt);

  var problems = doc.querySelector('.error-summary');
  if (problems) problems.focus();

  /* A list that sends itself: the button beside it is for those without scripts. */
  all('[data-autosubmit]').forEach(function (select) {
    var button = doc.getElementById(select.dataset.autosubmit);
    if (!button) return;
    button.hidden = true;
    select.addEventListener('change', function () { button.click(); });
  });

  all('button[data-show]').forEach(function (button) {
    var input = doc.getElementById(button.dataset.show);
    if (!input) return;
    function turn(open) {
      input.type = open ? 'text' : 'password';
      button.setAttribute('aria-pressed', String(open));
    }
    button.hidden = false;
    turn(false);
    button.addEventListener('click', function () { turn(input.type === 'password'); });
    if (input.form) input.form.addEventListener('submit', function () { turn(false); });
  });

  /* Waiting for the bank: ask after 2, 3, 5, 8 seconds, then every 15, for ten minutes. */
  all('[data-poll-status]').forEach(function (box) {
    var waits = [2, 3, 5, 8];
    var until = Date.now() + 600000;
    var etag = null;
    function later() { if (Date.now() < until) setTimeout(ask, 1000 * (waits.shift() || 15)); }
    function ask() {
      fetch(box.dataset.pollStatus, { headers: etag ? { 'If-None-Match': etag } : {}, cache: 'no-store', credentials: 'same-origin' })
        .then(function (answer) {
          if (answer.status !== 200) return null;
          etag = answer.headers.get('ETag');
          return answer.json();
        })
        .then(function (status) {
          if (!status || status.state === box.dataset.state) { later(); return; }
          say(box.querySelector('[role=status]'), status.label || '');
          setTimeout(function () { location.replace(location.href.split('#')[0]); }, 600);
        })
        .catch(later);
    }
    later();
  });

  /* The hold: shown every second, spoken at two minutes and at thirty seconds. */
  all('[data-countdown]').forEach(function (box) {
    var ends = Date.parse(box.dataset.countdown) - (Date.parse(box.dataset.now) || Date.now()) + performance.now();
    var shown = box.appendChild(doc.createElement('span'));
    var spoken = box.appendChild(doc.createElement('span'));
    if (isNaN(ends)) return;
    shown.className = 'nowrap';
    shown.setAttribute('aria-hidden', 'true');
    spoken.className = 'sr';
    spoken.setAttribute('role', 'status');
    var before = Infinity;
    function tick() {
      var left = Math.max(0, Math.round((ends - performance.now()) / 1000));
      shown.textContent = ' (' + Math.floor(left / 60) + ':' + ('0' + left % 60).slice(-2) + ')';
      if (before > 120 && left <= 120 && left > 30) say(spoken, box.dataset['say-120'] || '2 minutes left');
      if (before > 30 && left <= 30) say(spoken, box.dataset['say-30'] || '30 seconds left');
      before = left;
      if (left) setTimeout(tick, 1000);
    }
    tick();
  });

  /* Tabs tell each other about the cart. */
  if (window.BroadcastChannel && body.dataset.cartVersion) {
    var mine = Number(body.dataset.cartVersion);
    var channel = new BroadcastChannel('storefront');
    var watching = doc.querySelector('[data-watch-cart]');
    channel.postMessage({ cart: mine });
    channel.onmessage = function (event) {
      if (watching && event.data && event.data.cart > mine) all('.elsewhere').forEach(function (note) { note.hidden = false; });
    };
  }

  all('form[data-warn-leave]').forEach(function (form) {
    function typed() { return new URLSearchParams(new FormData(form)).toString(); }
    var first = typed();
    var sending = false;
    form.addEventListener('submit', function () { sending = true; });
    window.addEventListener('pageshow', function () { sending = false; });
    window.addEventListener('beforeunload', function (event) {
      if (!sending && typed() !== first) event.preventDefault();
    });
  });

  /* The shop menu closes with Escape and when something else is pressed. */
  all('details[data-menu]').forEach(function (menu) {
    doc.addEventListener('keydown', function (event) {
      if (event.key !== 'Escape' || !menu.open) return;
      menu.open = false;
      menu.querySelector('summary').focus();
    });
    doc.addEventListener('click', function (event) { if (!menu.contains(event.target)) menu.open = false; });
  });
})();
