/** The home organisation that the first migration makes; small installations never see another. */
export const DEFAULT_ORG_ID = 'org_00000000000000000000000000';
