namespace Llm42.Cli.Determinism;

/// <summary>Is told how a check gets on.</summary>
internal interface ICheckProgress
{
    /// <summary>A stage of so many steps begins.</summary>
    void Begin(string stage, int steps);

    /// <summary>A step of it is done.</summary>
    void Step();
}
