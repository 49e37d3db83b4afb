import { Page } from '../../shared/page.tsx'
import { places } from '../../texts/places.ts'

/** The state of the fleet at a glance. */
export const OverviewPage = () => <Page title={places.overview}>{null}</Page>
