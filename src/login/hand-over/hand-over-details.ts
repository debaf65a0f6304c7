/** The details of a hand-over for the operator. They have no grant, request, cookie or token. */
import { detailOf, shown, shownPath } from '../../config/values/detail-text.ts';
import type { StepDetail } from '../../model/trace.ts';
import { sealedWith } from '../session-details.ts';

const subject = 'the hand-over of a session';
const option = 'login.host';

/** A hand-over went on, or was lost. */
export function describeHandOver(found: string): StepDetail {
  return detailOf({ step: 'login', subject, found, option }, found);
}

/** A session goes to another host. */
export function describeGranted(origin: string): StepDetail {
  return describeHandOver(`the central host hands the session over to ${shown(origin)}`);
}

/** A session came from the central host. */
export function describeReceived(returnTo: string): StepDetail {
  return describeHandOver(
    `the central host handed the session over; the browser goes back to ${shownPath(returnTo)}`,
  );
}

/** A request or a grant cannot be opened. @param keyId its key, if this process does not have it */
export function describeUnreadable(what: 'request' | 'grant', keyId: string | undefined): StepDetail {
  const found =
    keyId === undefined
      ? `the ${what} cannot be opened: it was changed, cut, or made for something else`
      : `the ${what} is ${sealedWith(keyId)}`;
  return detailOf(
    { step: 'login', subject, expected: `a ${what} of this service`, found, option: 'sessions.keysFile' },
    found,
  );
}

/** A request or a grant is for another host. */
export function describeOtherPlace(found: string, expected: string): StepDetail {
  return detailOf(
    { step: 'login', subject, expected, found, option: 'login.hosts' },
    `expected ${expected}, found ${found}`,
  );
}
