namespace Llm42.Server;

/// <summary>How a server writes its log.</summary>
public enum LogFormat
{
    /// <summary>A line of text each.</summary>
    Text,

    /// <summary>A line of JSON each, the values by name below "State".</summary>
    Json,
}
