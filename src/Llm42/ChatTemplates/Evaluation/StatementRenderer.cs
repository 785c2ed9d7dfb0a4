using System.Text;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Executes statements and collects what they print.</summary>
internal sealed class StatementRenderer
{
    private readonly ExpressionEvaluator _expressions;
    private readonly Budget _budget;
    private StringBuilder _output = new();

    private StatementRenderer(IReadOnlyDictionary<string, Value> variables, Budget budget)
    {
        _expressions = new ExpressionEvaluator(variables, budget);
        _budget = budget;
    }

    /// <summary>How a body ended.</summary>
    private enum Flow
    {
        Normal,
        Break,
        Continue,
    }

    /// <summary>Renders a template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="variables">What names mean that the template does not set.</param>
    /// <param name="budget">What the rendering may use.</param>
    public static string Render(Block template, IReadOnlyDictionary<string, Value> variables, Budget budget)
    {
        var renderer = new StatementRenderer(variables, budget);
        renderer.Execute(template.Statements, Scope.Within(null, template));
        return renderer._output.ToString();
    }

    private Flow Execute(IReadOnlyList<Statement> statements, Scope scope)
    {
        _budget.Enter();
        Flow flow = Flow.Normal;
        for (int i = 0; i < statements.Count && flow == Flow.Normal; i++)
            flow = Execute(statements[i], scope);
        _budget.Leave();
        return flow;
    }

    private Flow Execute(Statement statement, Scope scope)
    {
        _budget.Step();
        _budget.Position = statement.Position;
        switch (statement)
        {
            case TextStatement text:
                Print(text.Text);
                return Flow.Normal;
            case PrintStatement print:
                Print(_expressions.Evaluate(print.Value, scope), print.Position);
                return Flow.Normal;
            case IfStatement branch:
                return ExecuteIf(branch, scope);
            case ForStatement loop:
                return ExecuteFor(loop, scope);
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            case SetStatement set:
                Assign(set.Target, _expressions.Evaluate(set.Value, scope), scope);
                return Flow.Normal;
            case SetBlockStatement set:
                return ExecuteSetBlock(set, scope);
            case MacroStatement macro:
                scope.Set(macro.Macro.Name, Function(macro.Macro, scope));
                return Flow.Normal;
            case CallStatement call:
                ExecuteCall(call, scope);
                return Flow.Normal;
            case GenerationStatement generation:
                Execute(generation.Body.Statements, Scope.Within(scope, generation.Body));
                return Flow.Normal;
            case FilterStatement filter:
                return ExecuteFilter(filter, scope);
            case WithStatement with:
                return ExecuteWith(with, scope);
            default:
                throw new InvalidOperationException($"no execution of {statement.GetType().Name}");
        }
    }

    private Flow ExecuteIf(IfStatement statement, Scope scope)
    {
        foreach (IfBranch branch in statement.Branches)
        {
            if (_expressions.Evaluate(branch.Test, scope).IsTrue)
                return Execute(branch.Body, scope);
        }

        return statement.Otherwise is null ? Flow.Normal : Execute(statement.Otherwise, scope);
    }

    private Flow ExecuteFor(ForStatement statement, Scope scope)
    {
        Value items = _expressions.Evaluate(statement.Items, scope);
        _budget.Position = statement.Position;
        if (!statement.IsRecursive)
            return ExecuteLoop(statement, items, scope, 0);
        Print(RenderRecursive(statement, items, scope, 0).Text);
        return Flow.Normal;
    }

    private StringValue RenderRecursive(ForStatement statement, Value items, Scope scope, int depth)
    {
        _budget.EnterCall();
        (string text, _) = Capture(() => ExecuteLoop(statement, items, scope, depth));
        _budget.LeaveCall();
        return new StringValue(text);
    }

    private Flow ExecuteLoop(ForStatement statement, Value items, Scope scope, int depth)
    {
        IEnumerable<Value> elements = Iteration.Of(items, _budget);
        int? length = statement.Test is null && Iteration.TryLength(items, out int known) ? known : null;
        if (statement.Test is not null)
            elements = Filtered(statement, elements, scope);
        Func<Value, Value>? recurse = statement.IsRecursive ? inner => RenderRecursive(statement, inner, scope, depth + 1) : null;
        using var loop = new LoopValue(elements, length, depth, recurse, _budget);
        bool isEmpty = true;
        while (loop.TryNext(out Value item))
        {
            Scope body = Scope.Within(scope, statement.Body);
            body.Set("loop", loop);
            Assign(statement.Target, item, body);
            Flow flow = Execute(statement.Body.Statements, body);
            if (flow == Flow.Break)
                break;
            // As in the reference, an iteration that is left early does not count: the else branch is still taken.
            isEmpty &= flow == Flow.Continue;
        }

        if (isEmpty && statement.Otherwise is not null)
            return Execute(statement.Otherwise.Statements, Scope.Within(scope, statement.Otherwise));
        return Flow.Normal;
    }

    private IEnumerable<Value> Filtered(ForStatement statement, IEnumerable<Value> elements, Scope scope)
    {
        foreach (Value element in elements)
        {
            var inner = new Scope(scope);
            Assign(statement.Target, element, inner);
            if (_expressions.Evaluate(statement.Test!, inner).IsTrue)
                yield return element;
        }
    }

    private Flow ExecuteSetBlock(SetBlockStatement statement, Scope scope)
    {
        Scope inner = Scope.Within(scope, statement.Body);
        (string text, Flow flow) = Capture(() => Execute(statement.Body.Statements, inner));
        if (flow != Flow.Normal)
            return flow;
        Value value = new StringValue(text);
        if (statement.Filter is not null)
            value = _expressions.FilterBlock(statement.Filter, value, inner);
        Assign(statement.Target, value, scope);
        return Flow.Normal;
    }

    private Flow ExecuteFilter(FilterStatement statement, Scope scope)
    {
        Scope inner = Scope.Within(scope, statement.Body);
        (string text, Flow flow) = Capture(() => Execute(statement.Body.Statements, inner));
        if (flow == Flow.Normal)
            Print(_expressions.FilterBlock(statement.Filter, new StringValue(text), inner), statement.Position);
        return flow;
    }

    private Flow ExecuteWith(WithStatement statement, Scope scope)
    {
        Scope inner = Scope.Within(scope, statement.Body);
        var values = new List<Value>();
        foreach ((_, Expression value) in statement.Variables)
            values.Add(_expressions.Evaluate(value, scope));
        for (int i = 0; i < values.Count; i++)
            Assign(statement.Variables[i].Key, values[i], inner);
        return Execute(statement.Body.Statements, inner);
    }

    private void ExecuteCall(CallStatement statement, Scope scope)
    {
        Value function = _expressions.Evaluate(statement.Call.Function, scope);
        Arguments given = _expressions.EvaluateArguments(statement.Call.Arguments, scope);
        var caller = new KeyValuePair<string, Value>("caller", Function(statement.Caller, scope));
        if (given.Keywords.Any(keyword => keyword.Key == "caller"))
            throw new TemplateError("got multiple values for keyword argument 'caller'");
        _budget.Position = statement.Position;
        Print(_expressions.Call(function, new Arguments(given.Positional, [.. given.Keywords, caller])), statement.Position);
    }

    private MacroValue Function(Macro macro, Scope definition)
    {
        string[] parameters = [.. macro.Parameters.Select(parameter => parameter.Name)];
        bool takesRest = macro.UsesRest && !parameters.Contains("varargs");
        bool takesKeywords = macro.UsesKeywords && !parameters.Contains("kwargs");
        bool takesCaller = macro.UsesCaller && !parameters.Contains("caller");
        return new MacroValue(macro.Name, parameters, takesRest, takesKeywords, takesCaller, arguments =>
        {
            Scope scope = Scope.Within(definition, macro.Body);
            MacroArguments.Bind(macro, arguments, takesRest, takesKeywords, takesCaller, scope, _budget, value => _expressions.Evaluate(value, scope));
            _budget.EnterCall();
            (string text, _) = Capture(() => Execute(macro.Body.Statements, scope));
            _budget.LeaveCall();
            return new StringValue(text);
        });
    }

    private void Assign(Target target, Value value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case AttributeTarget attribute:
                _budget.Position = attribute.Position;
                if (_expressions.Name(attribute.Namespace, scope) is not NamespaceValue space)
                    throw new TemplateError("cannot assign attribute on non-namespace object");
                space.Attributes.Set(attribute.Name, value);
                break;
            case TupleTarget tuple:
                _budget.Position = tuple.Position;
                List<Value> items = Iteration.IsIterable(value)
                    ? Iteration.ToList(value, _budget)
                    : throw new TemplateError($"cannot unpack non-iterable {value.TypeName} object");
                if (items.Count != tuple.Items.Count)
                    throw new TemplateError($"{items.Count} values are there to unpack where {tuple.Items.Count} are expected");
                for (int i = 0; i < items.Count; i++)
                    Assign(tuple.Items[i], items[i], scope);
                break;
        }
    }

    /// <summary>Executes with an output of its own, and gives what was printed.</summary>
    private (string Text, Flow Flow) Capture(Func<Flow> execute)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        Flow flow = execute();
        _budget.AllocateText(_output.Length);
        string text = _output.ToString();
        _output = outer;
        return (text, flow);
    }

    private void Print(Value value, int position)
    {
        _budget.Position = position;
        Print(PythonText.Of(value, _budget));
    }

    private void Print(string text)
    {
        int limit = _budget.Limits.MaximumOutputLength;
        if ((long)_output.Length + text.Length > limit)
            throw new TemplateError($"the prompt is longer than {limit} characters, which is the limit");
        _budget.Step(text.Length / 64);
        _output.Append(text);
    }
}
