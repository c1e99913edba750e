/** Version of Apus, as in package.json. */
export const APUS_VERSION = '0.1.0';

/** The release of OpenStack Swift whose behaviour Apus follows. */
export const SWIFT_VERSION = '2.38.2';
