namespace Llm42.Core.Engine;

/// <summary>The engine has as many waiting requests as its queue holds; try again later.</summary>
public sealed class EngineQueueFullException : Exception
{
    /// <summary>Names the capacity.</summary>
    public EngineQueueFullException(int capacity)
        : base($"{capacity} requests are waiting, as many as QueueCapacity allows. Try again later, or raise it.") =>
        Capacity = capacity;

    /// <summary>The queue's capacity.</summary>
    public int Capacity { get; }
}
