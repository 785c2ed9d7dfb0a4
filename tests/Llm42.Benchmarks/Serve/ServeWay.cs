namespace Llm42.Benchmarks.Serve;

/// <summary>How requests reach the engine.</summary>
internal enum ServeWay
{
    /// <summary>By a call, answered piece by piece.</summary>
    Engine,

    /// <summary>By a call that waits for the whole answer.</summary>
    EngineWhole,

    /// <summary>Over HTTP, answered in one piece.</summary>
    Whole,

    /// <summary>Over HTTP, as server-sent events.</summary>
    Stream,
}
