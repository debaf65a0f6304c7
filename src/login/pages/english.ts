/** The English texts. */
import type { Texts } from './texts.ts';

/** The texts. */
export const english: Texts = {
  choice: {
    title: 'Choose how to sign in',
    text: 'You need to sign in to see this page.',
  },
  failed: {
    failed: {
      title: 'The sign-in failed',
      text: 'You are not signed in. If it fails again, send the decision ID to your support.',
      action: 'Sign in again',
    },
    cancelled: {
      title: 'The sign-in was canceled',
      text: 'You are not signed in. Either you canceled it, or your account may not use this application.',
      action: 'Sign in again',
    },
    unavailable: {
      title: 'The sign-in is not available',
      text: 'The sign-in service does not answer. Wait a minute, then try again.',
      action: 'Try again',
    },
    unfinished: {
      title: 'The sign-in was not completed',
      text: 'This browser did not keep the cookie of the sign-in. Allow cookies for this site, then sign in again.',
      action: 'Sign in again',
    },
    unreadable: {
      title: 'The sign-in does not hold',
      text: 'This application cannot use the cookies that this browser sends. Delete the cookies of this site, then sign in again. If it fails again, send the decision ID to your support.',
      action: 'Sign in again',
    },
    too_large: {
      title: 'Your account has too much data',
      text: 'You signed in, but this application cannot store your session. Your account has too much data, for example too many groups. Send the decision ID to your support.',
      action: 'Sign in again',
    },
  },
  signedIn: {
    title: 'You are signed in',
    text: 'Open the application again.',
    action: 'Sign out',
  },
  signedOut: {
    title: 'You are signed out',
    text: 'You can close this page.',
    onlyHere:
      'You are signed out of this application only. On a shared computer, also sign out of your account.',
    action: 'Sign in again',
  },
  confirmSignOut: {
    title: 'Do you want to sign out?',
    text: 'Another website sent you here. You are still signed in.',
    action: 'Sign out',
    stay: 'Stay signed in',
  },
  noAccess: {
    title: 'You do not have access',
    text: 'Your account does not have access to this page. To use another account, sign out.',
    user: 'Signed in as',
    action: 'Sign out',
  },
  needsSignIn: {
    form: {
      title: 'Your form was not sent',
      text: 'You are not signed in. Your entries are still in this browser tab.',
      steps: [
        'Sign in. A new tab opens.',
        'Return to this tab.',
        'Reload this page. Your browser sends the form again.',
      ],
      action: 'Sign in',
    },
    frame: {
      title: 'You are not signed in',
      text: 'Sign in to see this part of the page.',
      action: 'Sign in',
    },
  },
  part: 'Largest part',
  decision: 'Decision ID',
};
