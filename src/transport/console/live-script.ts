/** The script of the console: it loads the current page every 10 s and replaces its content. Without it, every page works too. */
export const liveScript = `'use strict';
(() => {
  const interval = 10000;
  const main = document.getElementById('main');
  const header = document.querySelector('header');
  if (main === null || header === null) return;

  let isPaused = false;
  const box = document.createElement('div');
  box.className = 'updates';
  const button = document.createElement('button');
  button.type = 'button';
  const status = document.createElement('span');
  status.setAttribute('role', 'status');
  box.append(button, ' ', status);
  header.append(box);

  const showState = () => {
    button.textContent = isPaused ? 'Resume updates' : 'Pause updates';
  };
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    showState();
  });
  showState();

  // A reader who selects text or uses a control must not lose it.
  const isInUse = () =>
    (main !== document.activeElement && main.contains(document.activeElement)) ||
    (document.getSelection()?.toString() ?? '') !== '';

  const replaceContent = (next) => {
    const positions = [...main.querySelectorAll('.scroll')].map((region) => region.scrollLeft);
    const open = [...main.querySelectorAll('details')].map((one) => one.open);
    main.replaceChildren(...next.childNodes);
    for (const [index, one] of main.querySelectorAll('details').entries()) one.open = open[index] ?? false;
    for (const [index, region] of main.querySelectorAll('.scroll').entries())
      region.scrollLeft = positions[index] ?? 0;
  };

  const update = async () => {
    const response = await fetch(location.href, { redirect: 'error', cache: 'no-store' });
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const next = page.getElementById('main');
    if (next === null) throw new Error('the page has no content');
    if (!isPaused && !isInUse()) replaceContent(next);
  };

  setInterval(() => {
    if (isPaused || document.hidden || isInUse()) return;
    update().then(
      () => {
        status.textContent = '';
      },
      () => {
        status.textContent = 'The last update failed. The page tries again.';
      },
    );
  }, interval);
})();
`;
