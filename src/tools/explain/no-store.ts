/** A store that never answers, for a command that asks no store. */
import { StateError, type StateStore } from '../../state/state-store.ts';

const problem = 'this command does not ask the store; explain a decision ID to ask a running service';

/** Creates it. */
export function createNoStore(): StateStore {
  const fail = async () => {
    throw new StateError('away', problem);
  };
  return {
    get: fail,
    set: fail,
    extend: fail,
    remove: fail,
    removeIf: fail,
    addMember: fail,
    removeMember: fail,
    members: fail,
    // A request with a session in a cookie is judged without the sessions that ended.
    feed: () => ({ add: fail, completeAt: () => 0 }),
    status: () => ({ state: 'away', since: 0, problem }),
    ready: async () => false,
    stop: () => {},
  };
}
