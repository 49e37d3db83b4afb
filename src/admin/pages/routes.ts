import type { Routes } from '../../http/message.ts'
import type { PeopleContext } from '../sessions/context.ts'
import {
  showAccount,
  takeConfirmation,
  takeEnrolment,
  takePassword,
  takeRecoveryCodes,
  takeRemoval,
} from './account.ts'
import { showDevice, takeDevice } from './device.ts'
import { showReset, showSetUp, takeReset, takeSetUp } from './set-up.ts'
import { showSignIn, takeCode, takeSignIn, takeSignOut } from './sign-in.ts'
import { beginSignOnPage, completeSignOnPage } from './sign-on.ts'

/** The path to which an OpenID provider sends browsers back. */
export const SIGN_ON_CALLBACK = '/sign-on/callback'

/** The pages for people. */
export const pageRoutes = (context: PeopleContext): Routes => ({
  '/setup': { GET: showSetUp, POST: takeSetUp(context) },
  '/reset': { GET: showReset, POST: takeReset(context) },
  '/sign-in': { GET: showSignIn(context), POST: takeSignIn(context) },
  '/sign-in/code': { POST: takeCode(context) },
  '/sign-out': { POST: takeSignOut(context, false) },
  '/sign-out/everywhere': { POST: takeSignOut(context, true) },
  '/sign-on': { GET: beginSignOnPage(context) },
  [SIGN_ON_CALLBACK]: { GET: completeSignOnPage(context) },
  '/account': { GET: showAccount(context) },
  '/account/password': { POST: takePassword(context) },
  '/account/second-factor': { POST: takeEnrolment(context) },
  '/account/second-factor/confirm': { POST: takeConfirmation(context) },
  '/account/second-factor/remove': { POST: takeRemoval(context) },
  '/account/recovery-codes': { POST: takeRecoveryCodes(context) },
  '/device': { GET: showDevice(context), POST: takeDevice(context, false) },
  '/device/confirm': { POST: takeDevice(context, true) },
})
