// Lint rules for files that hold steps. A plugin in ESLint's shape: oxlint and ESLint both load it.

const isDate = (node) => node.type === 'Identifier' && node.name === 'Date';

// Each of these answers in the time zone or the language of the machine that happens to run the step.
const hostMethods =
  /^(?:get|set)(?:FullYear|Month|Date|Day|Hours|Minutes|Year)$|^getTimezoneOffset$|^toLocale(?:Date|Time)?String$/;

const noPresentTime = {
  meta: {
    type: 'problem',
    docs: { description: 'Forbid `new Date()` and `Date()`, which read the clock.' },
  },
  create(context) {
    const report = (node) =>
      context.report({
        node,
        message: 'This reads the clock. A step gets its time as `now`.',
      });
    return {
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) report(node);
      },
      CallExpression(node) {
        if (isDate(node.callee)) report(node);
      },
    };
  },
};

const noHostLocale = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Forbid date methods that depend on the time zone or language of the host.',
    },
  },
  create(context) {
    return {
      CallExpression({ callee }) {
        if (callee.type !== 'MemberExpression' || callee.computed) return;
        if (!hostMethods.test(callee.property.name)) return;
        context.report({
          node: callee.property,
          message: `\`${callee.property.name}\` depends on the machine that runs it. Use a UTC method, or a time zone kept in the state.`,
        });
      },
    };
  },
};

const noAsyncStep = {
  meta: { type: 'problem', docs: { description: 'Forbid async functions and `await`.' } },
  create(context) {
    const message = 'A step is synchronous. Ask the outside world with a call, or declare `reads`.';
    const check = (node) => {
      if (node.async) context.report({ node, message });
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
      AwaitExpression: (node) => context.report({ node, message }),
    };
  },
};

export default {
  meta: { name: 'hearth' },
  rules: {
    'no-present-time': noPresentTime,
    'no-host-locale': noHostLocale,
    'no-async-step': noAsyncStep,
  },
};
