using Gpu.Training.Data;
using Gpu.Training.Loop;
using Gpu.Training.Models;

namespace Gpu.Training.Search;

/// <summary>One of the settings that a search compares: all that a training run needs.</summary>
/// <param name="Name">A name for messages and files, such as <c>weight-decay=1e-3</c>.</param>
/// <param name="Model">The model to train.</param>
/// <param name="Data">The data set; only its training samples are used.</param>
/// <param name="Options">
/// The training options. Validation, patience, run folder, test limit, recording of losses and action on divergence are ignored; the seed is that of the
/// first run.
/// </param>
public sealed record SearchSetting(string Name, Model Model, Dataset Data, TrainingOptions Options);
