using System.CommandLine;

namespace Llm42.Cli.Options;

/// <summary>`--profile`: where the time of steps goes.</summary>
internal sealed class ProfileFlag
{
    private readonly Option<bool> _profile = Flag.Switch(
        "--profile", "Say where the time of the steps went, operator by operator and on the host. Needs the cpu backend.");

    public void AddTo(Command command) => command.Add(_profile);

    /// <summary>The options of the engine, with a profile if one is asked for.</summary>
    public InferenceEngineOptions Read(ParseResult parsed, InferenceEngineOptions options)
    {
        if (!parsed.GetValue(_profile))
            return options;
        if (options.Backend != "cpu")
            throw new UsageException(
                $"--profile needs the cpu backend, and --device is {options.Backend}: its operators run on when they return, so that the host cannot time them.");
        return options with { Profile = true };
    }
}
