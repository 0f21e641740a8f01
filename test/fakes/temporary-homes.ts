/** Folders of fresh stores, which the setup of every test file removes at its end. */
export const temporaryHomes = new Set<string>();
