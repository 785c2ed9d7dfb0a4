using System.Reflection;

namespace Llm42.Cli;

/// <summary>The version of this command.</summary>
internal static class CommandVersion
{
    /// <summary>"0.1.0", without the name of the commit that the build may have put behind it.</summary>
    public static string Current { get; } =
        typeof(CommandVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
}
