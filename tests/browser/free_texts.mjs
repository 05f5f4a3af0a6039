// The free texts of commands, each as `command.field`: those of one command, and all that the API's description has.
const FREE = /^(reason|note|reply|image|specification|name|(name|description)_(zh|en))$/;

/** Of a command as it is sent. */
export function* textsIn(value, kind = value.type) {
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === "string" && FREE.test(name)) yield `${kind}.${name}`;
    else if (typeof inner === "object" && inner !== null) yield* textsIn(inner, kind);
  }
}

/** Of every command that the description has. */
export function* textsOf({ components: { schemas } }) {
  const named = ({ $ref }) => schemas[$ref.split("/").at(-1)];
  function* commands(schema) {
    if (schema.$ref !== undefined) yield* commands(named(schema));
    else if (schema.oneOf !== undefined) for (const one of schema.oneOf) yield* commands(one);
    else yield schema;
  }
  function* texts(schema, kind, above) {
    if (schema.$ref !== undefined) {
      if (!above.includes(schema.$ref)) yield* texts(named(schema), kind, [...above, schema.$ref]);
      return;
    }
    for (const one of [...(schema.oneOf ?? []), ...(schema.allOf ?? []), ...(schema.items ? [schema.items] : [])]) yield* texts(one, kind, above);
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      if (FREE.test(name) && [inner.type].flat().includes("string") && inner.enum === undefined) yield `${kind}.${name}`;
      else yield* texts(inner, kind, above);
    }
  }
  for (const schema of commands(schemas.Command)) yield* texts(schema, schema.properties.type.enum[0], []);
}
