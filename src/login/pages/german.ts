/** The German texts. */
import type { Texts } from './texts.ts';

/** The texts. */
export const german: Texts = {
  choice: {
    title: 'Anmeldung auswählen',
    text: 'Um diese Seite zu sehen, müssen Sie sich anmelden.',
  },
  failed: {
    failed: {
      title: 'Die Anmeldung ist fehlgeschlagen',
      text: 'Sie sind nicht angemeldet. Wenn es wieder fehlschlägt, nennen Sie Ihrem Support die Entscheidungs-ID.',
      action: 'Erneut anmelden',
    },
    cancelled: {
      title: 'Die Anmeldung wurde abgebrochen',
      text: 'Sie sind nicht angemeldet. Sie haben abgebrochen, oder Ihr Konto darf diese Anwendung nicht verwenden.',
      action: 'Erneut anmelden',
    },
    unavailable: {
      title: 'Die Anmeldung ist nicht verfügbar',
      text: 'Der Anmeldedienst antwortet nicht. Warten Sie eine Minute, und versuchen Sie es dann noch einmal.',
      action: 'Noch einmal versuchen',
    },
    unfinished: {
      title: 'Die Anmeldung wurde nicht abgeschlossen',
      text: 'Dieser Browser hat das Cookie der Anmeldung nicht behalten. Erlauben Sie Cookies für diese Website, und melden Sie sich dann erneut an.',
      action: 'Erneut anmelden',
    },
    unreadable: {
      title: 'Die Anmeldung hält nicht',
      text: 'Diese Anwendung kann die Cookies nicht verwenden, die dieser Browser sendet. Löschen Sie die Cookies dieser Website, und melden Sie sich dann erneut an. Wenn es wieder fehlschlägt, nennen Sie Ihrem Support die Entscheidungs-ID.',
      action: 'Erneut anmelden',
    },
    too_large: {
      title: 'Ihr Konto hat zu viele Daten',
      text: 'Sie haben sich angemeldet, aber diese Anwendung kann Ihre Sitzung nicht speichern. Ihr Konto hat zu viele Daten, zum Beispiel zu viele Gruppen. Nennen Sie Ihrem Support die Entscheidungs-ID.',
      action: 'Erneut anmelden',
    },
  },
  signedIn: {
    title: 'Sie sind angemeldet',
    text: 'Öffnen Sie die Anwendung noch einmal.',
    action: 'Abmelden',
  },
  signedOut: {
    title: 'Sie sind abgemeldet',
    text: 'Sie können diese Seite schließen.',
    onlyHere:
      'Sie sind nur von dieser Anwendung abgemeldet. Melden Sie sich an einem gemeinsam genutzten Computer auch von Ihrem Konto ab.',
    action: 'Erneut anmelden',
  },
  confirmSignOut: {
    title: 'Möchten Sie sich abmelden?',
    text: 'Eine andere Website hat Sie hierher geschickt. Sie sind noch angemeldet.',
    action: 'Abmelden',
    stay: 'Angemeldet bleiben',
  },
  noAccess: {
    title: 'Sie haben keinen Zugriff',
    text: 'Ihr Konto hat keinen Zugriff auf diese Seite. Um ein anderes Konto zu verwenden, melden Sie sich ab.',
    user: 'Angemeldet als',
    action: 'Abmelden',
  },
  needsSignIn: {
    form: {
      title: 'Ihr Formular wurde nicht gesendet',
      text: 'Sie sind nicht angemeldet. Ihre Eingaben sind noch in diesem Browser-Tab.',
      steps: [
        'Melden Sie sich an. Dafür öffnet sich ein neuer Tab.',
        'Kehren Sie zu diesem Tab zurück.',
        'Laden Sie diese Seite neu. Ihr Browser sendet das Formular noch einmal.',
      ],
      action: 'Anmelden',
    },
    frame: {
      title: 'Sie sind nicht angemeldet',
      text: 'Melden Sie sich an, um diesen Teil der Seite zu sehen.',
      action: 'Anmelden',
    },
  },
  part: 'Größter Teil',
  decision: 'Entscheidungs-ID',
};
