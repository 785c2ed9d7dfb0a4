using Llm42.ChatTemplates.Syntax;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>
/// Finds the names that begin undefined in a scope, and what each macro's body mentions. The reference decides while it
/// compiles where a name comes from: a name that a scope sets before it reads it is the scope's own from its beginning,
/// even for loops and macros in it that stand before the assignment and would find it in the conversation's variables.
/// </summary>
internal sealed class SymbolAnalysis
{
    private readonly Frame _frame;

    private SymbolAnalysis(Frame frame) => _frame = frame;

    public static void Run(Block template) => Analyze(template, null, []);

    private static void Analyze(Block block, Frame? parent, IEnumerable<string> parameters, IEnumerable<Expression>? loaded = null)
    {
        var analysis = new SymbolAnalysis(new Frame(parent));
        foreach (string parameter in parameters)
            analysis._frame.Declare(parameter);
        foreach (Expression expression in loaded ?? [])
            analysis.Visit(expression);
        analysis.Visit(block.Statements);
        block.HiddenNames = analysis._frame.Hidden;
        // Inner scopes see all that this one mentions, also behind them.
        foreach (Statement statement in block.Statements)
            analysis.VisitScopes(statement);
    }

    private void Visit(IEnumerable<Statement> statements)
    {
        foreach (Statement statement in statements)
            Visit(statement);
    }

    private void Visit(Statement statement)
    {
        switch (statement)
        {
            case PrintStatement print:
                Visit(print.Value);
                break;
            case IfStatement branch:
                VisitBranches(branch, 0);
                break;
            case ForStatement loop:
                Visit(loop.Items);
                break;
            case SetStatement set:
                Visit(set.Value);
                Store(set.Target);
                break;
            case SetBlockStatement set:
                Store(set.Target);
                break;
            case MacroStatement macro:
                _frame.Store(macro.Macro.Name);
                break;
            case CallStatement call:
                Visit(call.Call);
                break;
            case FilterStatement filter:
                Visit(filter.Filter);
                break;
            case WithStatement with:
                foreach ((_, Expression value) in with.Variables)
                    Visit(value);
                break;
        }
    }

    private void VisitBranches(IfStatement statement, int first)
    {
        Visit(statement.Branches[first].Test);
        var branches = new List<Frame>();
        Frame before = _frame.Copy();
        for (int i = first; i < statement.Branches.Count; i++)
        {
            var branch = new SymbolAnalysis(before.Copy());
            if (i > first)
                branch.Visit(statement.Branches[i].Test);
            branch.Visit(statement.Branches[i].Body);
            branches.Add(branch._frame);
        }

        if (statement.Otherwise is not null)
        {
            var branch = new SymbolAnalysis(before.Copy());
            branch.Visit(statement.Otherwise);
            branches.Add(branch._frame);
        }

        _frame.Merge(branches);
    }

    private void Store(Target target)
    {
        switch (target)
        {
            case NameTarget name:
                _frame.Store(name.Name);
                break;
            case AttributeTarget attribute:
                _frame.Load(attribute.Namespace);
                break;
            case TupleTarget tuple:
                foreach (Target item in tuple.Items)
                    Store(item);
                break;
        }
    }

    private void Visit(Expression expression)
    {
        foreach (string name in ExpressionNames.Of(expression))
            _frame.Load(name);
    }

    private void VisitScopes(Statement statement)
    {
        switch (statement)
        {
            case IfStatement branch:
                foreach (Statement inner in branch.Branches.SelectMany(one => one.Body).Concat(branch.Otherwise ?? []))
                    VisitScopes(inner);
                break;
            case ForStatement loop:
                Analyze(loop.Body, _frame, ["loop", .. NamesOf(loop.Target)]);
                if (loop.Otherwise is not null)
                    Analyze(loop.Otherwise, _frame, []);
                break;
            case SetBlockStatement set:
                Analyze(set.Body, _frame, []);
                break;
            case MacroStatement macro:
                Analyze(macro.Macro);
                break;
            case CallStatement call:
                Analyze(call.Caller);
                break;
            case GenerationStatement generation:
                Analyze(generation.Body, _frame, []);
                break;
            case FilterStatement filter:
                Analyze(filter.Body, _frame, []);
                break;
            case WithStatement with:
                Analyze(with.Body, _frame, with.Variables.SelectMany(variable => NamesOf(variable.Key)));
                break;
        }
    }

    private void Analyze(Macro macro)
    {
        IEnumerable<string> mentioned = ExpressionNames.Of(macro.Body.Statements).Concat(
            macro.Parameters.Where(parameter => parameter.Default is not null).SelectMany(parameter => ExpressionNames.Of(parameter.Default!)));
        foreach (string name in mentioned)
        {
            macro.UsesRest |= name == "varargs";
            macro.UsesKeywords |= name == "kwargs";
            macro.UsesCaller |= name == "caller";
        }

        Analyze(
            macro.Body, _frame, macro.Parameters.Select(parameter => parameter.Name),
            macro.Parameters.Where(parameter => parameter.Default is not null).Select(parameter => parameter.Default!));
    }

    private static IEnumerable<string> NamesOf(Target target) => target switch
    {
        NameTarget name => [name.Name],
        TupleTarget tuple => tuple.Items.SelectMany(NamesOf),
        _ => [],
    };

    /// <summary>What is known of the names of one scope at one place of its text.</summary>
    private sealed class Frame(Frame? parent)
    {
        private readonly HashSet<string> _mentioned = [];
        private readonly HashSet<string> _stored = [];
        private readonly HashSet<string> _hidden = [];

        public IReadOnlyList<string> Hidden => [.. _hidden];

        public void Declare(string name)
        {
            _mentioned.Add(name);
            _stored.Add(name);
        }

        public void Load(string name)
        {
            if (!Mentions(name))
                _mentioned.Add(name);
        }

        public void Store(string name)
        {
            _stored.Add(name);
            if (_mentioned.Add(name) && !(parent?.Mentions(name) ?? false))
                _hidden.Add(name);
        }

        public Frame Copy()
        {
            var copy = new Frame(parent);
            copy._mentioned.UnionWith(_mentioned);
            copy._stored.UnionWith(_stored);
            copy._hidden.UnionWith(_hidden);
            return copy;
        }

        /// <summary>Joins branches: a name that only some of them set may still be the outer one.</summary>
        public void Merge(IEnumerable<Frame> branches)
        {
            var stored = new HashSet<string>();
            foreach (Frame branch in branches)
            {
                stored.UnionWith(branch._stored);
                _mentioned.UnionWith(branch._mentioned);
                _hidden.UnionWith(branch._hidden);
            }

            stored.ExceptWith(_stored);
            _hidden.ExceptWith(stored);
            _stored.UnionWith(stored);
        }

        private bool Mentions(string name) => _mentioned.Contains(name) || (parent?.Mentions(name) ?? false);
    }
}
