namespace Llm42.Benchmarks.Serve;

/// <summary>How requests reach the engine.</summary>
internal enum ServeWay
{
    /// <summary>By a call.</summary>
    Engine,

    /// <summary>Over HTTP, answered in one piece.</summary>
    Whole,

    /// <summary>Over HTTP, as server-sent events.</summary>
    Stream,
}
