/** A configuration whose single options may be invalid, with the means to read it safely and to report problems. */
import type * as z from 'zod';
import { isMapping, type Mapping } from '../values/mapping.ts';
import { formatDuration } from '../values/units.ts';

/** Whether an option was set, in any source; if not, its value is the default. */
export type IsSet = (...path: string[]) => boolean;

/** Describes a conflict between options, at the option that was set. */
export type DescribeConflict = (isSet: IsSet) => { readonly path: string[]; readonly message: string };

/** A configuration with the means to read it safely and to report problems. */
export interface CheckedConfig {
  readonly config: Mapping;
  /** Returns a section; empty if it is absent or invalid. */
  readonly section: (name: string) => Mapping;
  /** Returns a valid duration in milliseconds. */
  readonly duration: (of: string, name: string) => number | undefined;
  readonly isValid: (...path: string[]) => boolean;
  readonly problem: (path: (string | number)[], message: string) => void;
  /** Reports a conflict between options. */
  readonly conflict: (describeConflict: DescribeConflict) => void;
}

/** Prepares a configuration for the checks. */
export function createCheckedConfig(config: Mapping, context: z.RefinementCtx): CheckedConfig {
  const section = (name: string): Mapping => (isMapping(config[name]) ? config[name] : {});
  // The value of an invalid option is not parsed: a number without a unit would count as milliseconds.
  const invalid = context.issues.filter(({ code }) => code !== 'unrecognized_keys');
  const isValid = (...path: string[]) =>
    !invalid.some((issue) => issue.path?.every((part, index) => part === path[index]) === true);
  return {
    config,
    section,
    isValid,
    duration: (of, name) => {
      const value = section(of)[name];
      return typeof value === 'number' && isValid(of, name) ? value : undefined;
    },
    problem: (path, message) => context.addIssue({ code: 'custom', path, message }),
    conflict: (describeConflict) => {
      const { path, message } = describeConflict(() => true);
      context.addIssue({ code: 'custom', path, message, params: { describeConflict } });
    },
  };
}

/** Formats a duration and marks a default, which the user would not find in the file. */
export function durationText(milliseconds: number, isSet: boolean): string {
  return `${formatDuration(milliseconds)}${isSet ? '' : ', the default'}`;
}
