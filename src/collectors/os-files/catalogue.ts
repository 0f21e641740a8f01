import { artifactFileSchema, type CatalogueEntry } from '../../model/artifact-catalogue.js';
import { CATALOGUE_FILES } from './catalogue.gen.js';

let parsed: ReadonlyMap<string, CatalogueEntry> | undefined;

/** By name, in the order of the files. Parsed when it is first asked for. */
export function catalogue(): ReadonlyMap<string, CatalogueEntry> {
  parsed ??= new Map(
    CATALOGUE_FILES.map((file) => {
      const { metadata, spec } = artifactFileSchema.parse(file);
      return [metadata.name, { ...metadata, ...spec }] as const;
    }),
  );
  return parsed;
}
