namespace Llm42.Native.Handles;

/// <summary>What can be made from a device.</summary>
internal enum DeviceObjectKind
{
    Stream,
    Buffer,
    Weight,
    KvCache,
    Graph,
}
