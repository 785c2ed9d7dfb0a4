using Llm42.ChatTemplates.Lexing;
using Llm42.ChatTemplates.Syntax;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>Statements.</summary>
internal sealed class TemplateParser
{
    /// <summary>Statements of the language that need other templates, or that change how text is escaped.</summary>
    private static readonly string[] Refused = ["include", "import", "from", "extends", "block", "autoescape", "do", "trans", "debug"];

    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private readonly UnknownNames _unknown = new();
    private readonly Stack<string> _open = new();

    /// <summary>How many loops break and continue may mean; a macro's body begins at none.</summary>
    private int _loops;

    /// <summary>How many loops there are around, macros or not.</summary>
    private int _enclosingLoops;

    private TemplateParser(List<Token> tokens, int maximumNesting)
    {
        _tokens = new TokenReader(tokens, maximumNesting);
        _expressions = new ExpressionParser(_tokens, _unknown);
    }

    /// <summary>The statements of a normalized template.</summary>
    public static Block Parse(string source, int maximumNesting)
    {
        var parser = new TemplateParser(TemplateLexer.Read(source), maximumNesting);
        var block = new Block(parser.ParseBody([]));
        parser._unknown.ThrowSince(0);
        SymbolAnalysis.Run(block);
        return block;
    }

    /// <summary>Statements up to a tag of one of these names, which is left; without names up to the end.</summary>
    private List<Statement> ParseBody(string[] endNames)
    {
        _tokens.Enter();
        var statements = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextStatement(token.Position, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    statements.Add(new PrintStatement(_tokens.Current.Position, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.VariableEnd, "end of print statement");
                    break;
                case TokenKind.BlockBegin:
                    if (_tokens.Current.Kind == TokenKind.Name && endNames.Contains(_tokens.Current.Text))
                    {
                        _tokens.Leave();
                        return statements;
                    }

                    statements.Add(ParseStatement());
                    _tokens.Expect(TokenKind.BlockEnd, "end of statement block");
                    break;
                default:
                    if (endNames.Length > 0)
                        throw new TemplateError($"the template ends within '{_open.Peek()}'; '{endNames[^1]}' is missing", position: token.Position);
                    _tokens.Leave();
                    return statements;
            }
        }
    }

    /// <summary>The body behind a tag up to its end tag, which is passed over.</summary>
    private List<Statement> ParseBodyAndEnd(params string[] endNames)
    {
        List<Statement> body = ParseBodyOnly(endNames);
        _tokens.Next();
        return body;
    }

    private List<Statement> ParseBodyOnly(params string[] endNames)
    {
        _tokens.SkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd, "end of statement block");
        return ParseBody(endNames);
    }

    private Statement ParseStatement()
    {
        Token token = _tokens.Expect(TokenKind.Name, "the name of a statement");
        _open.Push(token.Text);
        Statement statement = token.Text switch
        {
            "if" => ParseIf(token.Position),
            "for" => ParseFor(token.Position),
            "set" => ParseSet(token.Position),
            "macro" => ParseMacro(token.Position),
            "call" => ParseCall(token.Position),
            "filter" => ParseFilterBlock(token.Position),
            "with" => ParseWith(token.Position),
            "generation" => ParseGeneration(token.Position),
            "print" => ParsePrint(token.Position),
            "break" when _loops > 0 => new BreakStatement(token.Position),
            "continue" when _loops > 0 => new ContinueStatement(token.Position),
            "break" or "continue" => throw new TemplateError($"'{token.Text}' is outside of a loop", position: token.Position),
            _ => throw Unknown(token),
        };
        _open.Pop();
        return statement;
    }

    private TemplateError Unknown(Token token)
    {
        if (Refused.Contains(token.Text))
            return new TemplateError($"the statement '{token.Text}' is not supported in a chat template", position: token.Position);
        _open.Pop();
        string within = _open.TryPeek(out string? open) ? $"; the innermost open statement is '{open}'" : "";
        return new TemplateError($"there is no statement '{token.Text}'{within}", position: token.Position);
    }

    private IfStatement ParseIf(int position)
    {
        int mark = _unknown.Mark();
        var branches = new List<IfBranch>();
        List<Statement>? otherwise = null;
        while (true)
        {
            Expression test = _expressions.ParseTuple(withConditional: false);
            branches.Add(new IfBranch(test, ParseBodyOnly("elif", "else", "endif")));
            string end = _tokens.Next().Text;
            if (end == "elif")
                continue;
            if (end == "else")
                otherwise = ParseBodyAndEnd("endif");
            break;
        }

        _unknown.ForgiveSince(mark);
        return new IfStatement(position, branches, otherwise);
    }

    private ForStatement ParseFor(int position)
    {
        // The loop's own target counts as within the loop.
        _enclosingLoops++;
        Target target = ParseTarget("in");
        _tokens.ExpectName("in");
        Expression items = _expressions.ParseTuple(withConditional: false, endName: "recursive");
        int mark = _unknown.Mark();
        Expression? test = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool isRecursive = _tokens.SkipName("recursive");
        _loops++;
        var body = new Block(ParseBodyOnly("endfor", "else"));
        _loops--;
        Block? otherwise = _tokens.Next().Text == "else" ? new Block(ParseBodyAndEnd("endfor")) : null;
        _enclosingLoops--;
        _unknown.ThrowSince(mark);
        return new ForStatement(position, target, items, test, isRecursive, body, otherwise);
    }

    private Statement ParseSet(int position)
    {
        Target target = ParseTarget(null, withNamespace: true);
        if (_tokens.SkipOperator("="))
            return new SetStatement(position, target, _expressions.ParseTuple());
        FilterExpression? filter = _tokens.SkipOperator("|") ? _expressions.ParseBlockFilter() : null;
        return new SetBlockStatement(position, target, filter, ParseScope("endset"));
    }

    private MacroStatement ParseMacro(int position)
    {
        string name = ParseName().Name;
        _tokens.ExpectOperator("(");
        List<Parameter> parameters = ParseParameters();
        return new MacroStatement(position, new Macro(name, parameters, ParseFunctionBody("endmacro")));
    }

    private CallStatement ParseCall(int position)
    {
        List<Parameter> parameters = _tokens.SkipOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call)
            throw new TemplateError("a call block needs a call", position: position);
        return new CallStatement(position, call, new Macro("caller", parameters, ParseFunctionBody("endcall")));
    }

    private GenerationStatement ParseGeneration(int position) => new(position, ParseFunctionBody("endgeneration"));

    private FilterStatement ParseFilterBlock(int position) => new(position, _expressions.ParseBlockFilter(), ParseScope("endfilter"));

    private WithStatement ParseWith(int position)
    {
        var variables = new List<KeyValuePair<Target, Expression>>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
                _tokens.ExpectOperator(",");
            Target target = ParseTarget(null, isParameter: true);
            _tokens.ExpectOperator("=");
            variables.Add(new KeyValuePair<Target, Expression>(target, _expressions.Parse()));
        }

        return new WithStatement(position, variables, ParseScope("endwith"));
    }

    private PrintStatement ParsePrint(int position)
    {
        var parts = new List<Expression>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (parts.Count > 0)
                _tokens.ExpectOperator(",");
            parts.Add(_expressions.Parse());
        }

        return new PrintStatement(position, new ConcatenationExpression(position, parts));
    }

    /// <summary>A body with a scope of its own.</summary>
    private Block ParseScope(string endName)
    {
        int mark = _unknown.Mark();
        var body = new Block(ParseBodyAndEnd(endName));
        _unknown.ThrowSince(mark);
        return body;
    }

    /// <summary>A body that no loop around it can be left from.</summary>
    private Block ParseFunctionBody(string endName)
    {
        int loops = _loops;
        _loops = 0;
        Block body = ParseScope(endName);
        _loops = loops;
        return body;
    }

    private List<Parameter> ParseParameters()
    {
        var parameters = new List<Parameter>();
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
                _tokens.ExpectOperator(",");
            NameTarget name = ParseName();
            if (parameters.Exists(parameter => parameter.Name == name.Name))
                throw new TemplateError($"the parameter '{name.Name}' is there twice", position: name.Position);
            Expression? value = _tokens.SkipOperator("=") ? _expressions.Parse() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null)
                _tokens.Fail($"the parameter '{name.Name}' needs a default, since the one before it has one");
            parameters.Add(new Parameter(name.Name, value));
        }

        _tokens.ExpectOperator(")");
        return parameters;
    }

    private NameTarget ParseName()
    {
        Token token = _tokens.ExpectName();
        return token.Text is not ("true" or "false" or "none" or "True" or "False" or "None")
            ? new NameTarget(token.Position, token.Text)
            : throw new TemplateError($"'{token.Text}' cannot be assigned to", position: token.Position);
    }

    /// <summary>What a statement assigns to: a name, an attribute of a namespace, or several in a tuple.</summary>
    private Target ParseTarget(string? endName, bool withNamespace = false, bool isParameter = false)
    {
        int position = _tokens.Current.Position;
        var items = new List<Target>();
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0)
                _tokens.ExpectOperator(",");
            if (_expressions.IsTupleEnd(endName))
                break;
            items.Add(ParseTargetItem(withNamespace, isParameter));
            if (!_tokens.Current.IsOperator(","))
                break;
            isTuple = true;
        }

        if (items.Count == 0)
            _tokens.Fail($"expected a name, got {_tokens.Current.Description}");
        return isTuple ? new TupleTarget(position, items) : items[0];
    }

    private Target ParseTargetItem(bool withNamespace, bool isParameter)
    {
        if (_tokens.Current.IsOperator("("))
        {
            _tokens.Next();
            _tokens.Enter();
            // The reference parses what is in parentheses as an expression, which knows no namespace attributes.
            Target inner = ParseTarget(null, isParameter: isParameter);
            _tokens.ExpectOperator(")");
            _tokens.Leave();
            return inner;
        }

        if (withNamespace && _tokens.Current.Kind == TokenKind.Name && _tokens.Following.IsOperator("."))
        {
            Token owner = _tokens.Next();
            _tokens.Next();
            return new AttributeTarget(owner.Position, owner.Text, _tokens.ExpectName().Text);
        }

        NameTarget name = ParseName();
        if (name.Name == "loop" && _enclosingLoops > 0 && !isParameter)
            throw new TemplateError("'loop' cannot be assigned to within a loop", position: name.Position);
        return name;
    }
}
