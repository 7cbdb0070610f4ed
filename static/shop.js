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

  /* A list that sends itself once something is chosen with a pointer. With keys every arrow and letter chooses: then
     Enter sends, or leaving the list where its button is hidden. A box is ticked with one key, which is a choice. */
  all('[data-autosubmit]').forEach(function (field) {
    var button = doc.getElementById(field.dataset.autosubmit);
    var stays = field.hasAttribute('data-button-stays');
    var keys = false;
    var changed = false;
    if (!button) return;
    button.hidden = !stays;
    function send() { changed = false; button.click(); }
    field.addEventListener('pointerdown', function () { keys = false; });
    field.addEventListener('keydown', function (event) {
      keys = field.type !== 'checkbox';
      if (event.key !== 'Enter' || !changed) return;
      event.preventDefault();
      send();
    });
    field.addEventListener('change', function () { if (keys) changed = true; else send(); });
    field.addEventListener('blur', function () { if (changed && !stays && doc.activeElement !== field) send(); });
  });

  /* One box for all boxes of a name on this page. */
  all('[data-ticks]').forEach(function (box) {
    var others = all('input[type=checkbox][name="' + box.dataset.ticks + '"]');
    box.hidden = false;
    box.addEventListener('change', function () { others.forEach(function (other) { other.checked = box.checked; }); });
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

  /* What this page shows may change in another tab or elsewhere. Tabs tell each other that something has changed; what
     it is says the server, which is asked then, and now and then while somebody looks: a waiting page after 2, 3, 5, 8
     seconds and then every 15, others after 5, 10, 20 and every 40, for ten minutes. */
  var watch = doc.querySelector('[data-watch]');
  var channel = window.BroadcastChannel && new BroadcastChannel('storefront');
  var state = watch && watch.dataset.state;
  var waits, until, timer, asking, etag;
  function fresh() {
    waits = state ? [2, 3, 5, 8, 15] : [5, 10, 20, 40];
    until = Date.now() + 600000;
  }
  function later() {
    clearTimeout(timer);
    if (Date.now() < until) timer = setTimeout(function () { if (!doc.hidden) ask(); }, 1000 * (waits[1] ? waits.shift() : waits[0]));
  }
  function ask() {
    asking = asking ? 2 : 1;
    if (asking > 1) return;
    fetch(watch.dataset.watch, { headers: etag ? { 'If-None-Match': etag } : {}, cache: 'no-store', credentials: 'same-origin' })
      .then(function (answer) {
        if (answer.status !== 200) return null;
        etag = answer.headers.get('ETag');
        var spoken = answer.headers.get('Content-Language'); // another tab may have chosen another one
        if (spoken && spoken !== doc.documentElement.lang) { watch.lang = spoken; watch.dir = 'auto'; }
        return answer.json().then(tell);
      })
      .catch(function () { etag = null; })
      .then(function () {
        var more = asking > 1;
        asking = 0;
        if (more) ask(); else later();
      });
  }
  function tell(now) {
    if (state && now.state !== state) {
      say(watch, now.label);
      setTimeout(function () { location.replace(location.href.split('#')[0]); }, 600);
      return;
    }
    say(watch, '');
    if (now.changed) {
      var box = watch.appendChild(doc.createElement('div'));
      var line = box.appendChild(doc.createElement('p'));
      var link = doc.createElement('a');
      box.className = 'note note--warn';
      link.href = now.url;
      say(line, now.changed + ' ');
      say(link, now.link);
      line.appendChild(link);
    }
    if ('payable' in now) all('[data-payable]').forEach(function (way) { way.hidden = !now.payable; });
  }
  function told(name, mark) {
    try {
      if (localStorage.getItem(name) === mark) return;
      localStorage.setItem(name, mark);
    } catch (refused) { /* a browser that keeps nothing tells once more than it must */ }
    channel.postMessage(name);
  }
  if (channel && body.dataset.cart) told('cart', body.dataset.cart);
  if (channel && body.dataset.order) told('order', body.dataset.order);
  if (watch) {
    fresh();
    later();
    if (channel) channel.onmessage = function () { fresh(); ask(); };
    doc.addEventListener('visibilitychange', function () { if (!doc.hidden) { fresh(); ask(); } });
    window.addEventListener('pageshow', function (event) { if (event.persisted) ask(); });
  }

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
      if (left) { setTimeout(tick, 1000); return; }
      spoken.className = '';
      say(spoken, ' ' + (box.dataset['say-0'] || ''));
    }
    tick();
  });

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
