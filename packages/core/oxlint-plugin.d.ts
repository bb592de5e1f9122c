declare const plugin: {
  readonly meta: { readonly name: 'hearth' };
  readonly rules: Readonly<
    Record<'no-present-time' | 'no-host-locale' | 'no-async-step', { readonly create: unknown }>
  >;
};
export default plugin;
