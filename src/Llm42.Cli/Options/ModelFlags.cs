using System.CommandLine;
using Llm42.Cli.DemoModel;

namespace Llm42.Cli.Options;

/// <summary>Which model a command works on.</summary>
internal sealed class ModelFlags
{
    private readonly Argument<string?> _model = new("MODEL")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "A model directory in Hugging Face layout, a GGUF file, or `demo` for the model embedded in this command.",
    };

    private readonly Option<string?> _modelPath = Flag.Text("--model-path", "DIR", "The same as MODEL.");

    public void AddTo(Command command)
    {
        // The parser takes an option that it does not know for an argument.
        _model.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: ['-', ..] } token])
                result.AddError($"there is no option {token.Value}.");
        });
        command.Add(_model);
        command.Add(_modelPath);
    }

    /// <summary>The command line names a model.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_model) is not null || parsed.GetValue(_modelPath) is not null;

    /// <summary>The model that the command line names.</summary>
    public ModelDirectory Open(ParseResult parsed, string? otherwise = null) => ModelDirectory.Open(Name(parsed, otherwise));

    /// <summary>What the model is called.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="otherwise">The model where the command line names none; null: it must name one.</param>
    public string Name(ParseResult parsed, string? otherwise = null)
    {
        string? argument = parsed.GetValue(_model);
        string? option = parsed.GetValue(_modelPath);
        if (argument is not null && option is not null)
            throw new UsageException($"MODEL is '{argument}' and --model-path is '{option}'; give one of them.");
        return argument ?? option ?? otherwise ?? throw new UsageException(
            "no model is given; name a model directory, a GGUF file, or `demo` for the embedded model.");
    }
}
