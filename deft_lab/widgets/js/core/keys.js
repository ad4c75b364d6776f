// Keys that every player has, whatever it plays.

/** What a key does: `play()` for P, the list of keys in `el` for ?, else `move` to where `targetOf` leads, if anywhere. */
export function pressed(event, el, { play, move, targetOf }) {
  const isPlay = event.key.toLowerCase() === "p" && !event.ctrlKey && !event.metaKey && !event.altKey;
  const isAsking = event.key === "?";
  const target = isPlay || isAsking ? null : targetOf(event);
  if (!isPlay && !isAsking && target === null) return;
  event.preventDefault();
  event.stopPropagation();
  if (isAsking) el.querySelector(".deft-keys").toggleAttribute("open");
  else if (isPlay) play();
  else move(target);
}
