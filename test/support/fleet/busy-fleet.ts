/** A fleet with people in its requests, and what must be true of it after a fault. */
import { expect, onTestFinished } from 'vitest';
import { type Fleet, type FleetOptions, type Person, startFleet } from './fleet.ts';
import { startTraffic, type Traffic } from './traffic.ts';

/** A fleet whose people send requests. */
export interface BusyFleet {
  readonly fleet: Fleet;
  readonly people: readonly Person[];
  readonly traffic: Traffic;
  /** The memory of all processes, in MiB. */
  readonly memory: () => number;
  /**
   * Ends the requests. Expects no wrong allow, no session that ended, and no refresh token that was used twice.
   *
   * @param but what must be there
   */
  readonly expectNoHarm: (but?: 'denied') => Promise<void>;
}

/** Starts a fleet, signs 8 people in, of whom one signs out again, and starts the requests. All stops after the test. */
export async function startBusyFleet(options: FleetOptions): Promise<BusyFleet> {
  const fleet = await startFleet(options);
  onTestFinished(fleet.stop);
  const people: Person[] = [];
  for (let index = 0; index < 8; index++)
    people.push(await fleet.signIn(`person-${index}`, index % fleet.replicas.length));
  const traffic = startTraffic(fleet, people);
  onTestFinished(async () => void (await traffic.stop()));
  const [left, ...others] = people as [Person, ...Person[]];
  await traffic.signOut(left);
  await traffic.untilAllAllowed();
  expect(await traffic.answers(100)).toBe(0);
  return {
    fleet,
    people: others,
    traffic,
    memory: () => fleet.replicas.reduce((sum, { residentMiB }) => sum + residentMiB(), 0),
    expectNoHarm: async (but) => {
      const { denied, ...wrong } = await traffic.stop();
      expect(wrong).toEqual({ allows: [], loggedOut: [], unexpected: [] });
      expect(denied.length > 0).toBe(but === 'denied');
      expect(fleet.renewals().refused).toBe(0);
      // The service revokes the refresh token of a person who signs out.
      expect(fleet.revokedFamilies()).toBeLessThanOrEqual(2);
    },
  };
}
