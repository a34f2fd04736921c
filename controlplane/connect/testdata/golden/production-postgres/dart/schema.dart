import 'package:powersync/powersync.dart';

// trackPreviousValues is what Turnkey sees conflicts by; metadata travels with a write to your hooks.
const schema = Schema([
  Table(
    'notes',
    [
      Column.text('author'),
      Column.text('text'),
    ],
    trackPreviousValues: TrackPreviousValuesOptions(),
    trackMetadata: true,
    ignoreEmptyUpdates: true,
  ),
  Table(
    'order-lines',
    [
      Column.text('city'),
      Column.text('customer'),
      Column.text('price'),
      Column.text('product'),
      Column.integer('quantity'),
      Column.real('weight'),
    ],
    trackPreviousValues: TrackPreviousValuesOptions(),
    trackMetadata: true,
    ignoreEmptyUpdates: true,
  ),
  Table(
    'products',
    [
      Column.integer('active'),
      Column.text('name'),
    ],
    trackPreviousValues: TrackPreviousValuesOptions(),
    trackMetadata: true,
    ignoreEmptyUpdates: true,
  ),
  // Filled by Turnkey through the sync streams of the same names; the app only reads them.
  Table('turnkey_rejections', [
    Column.text('user_id'),
    Column.text('table_name'),
    Column.text('row_id'),
    Column.text('error_code'),
    Column.text('message'),
    Column.text('hint'),
    Column.text('status'),
    Column.text('created_at'),
  ]),
  Table('turnkey_conflicts', [
    Column.text('user_id'),
    Column.text('table_name'),
    Column.text('row_id'),
    Column.text('client_data'),
    Column.text('server_data'),
    Column.text('status'),
    Column.text('created_at'),
  ]),
]);
