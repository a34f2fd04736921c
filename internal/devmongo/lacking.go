package devmongo

import (
	"slices"
	"strings"
)

// lacking is the answer to what MongoDB has and this server lacks. It must never pretend.
func lacking(what string) *Err {
	return errf(238, "NotImplemented", "The development MongoDB has no %s. Set TURNKEY_MONGODB_URI to a MongoDB replica set to use it.", what)
}

// lacks finds the first field of d that is one of the names.
func lacks(where string, d D, names ...string) error {
	for _, e := range d {
		if slices.Contains(names, e.Key) && (truthy(e.Value) || e.Value != nil && rank(e.Value) == 5) {
			return lacking(where + " with " + e.Key)
		}
	}
	return nil
}

// unknown is the answer to a name: MongoDB has it and we don't, or it is none of MongoDB's.
func unknown(kind, name, theirs string, otherwise *Err) *Err {
	if slices.Contains(strings.Fields(theirs), name) {
		return lacking(kind + " " + name)
	}
	return otherwise
}

// What MongoDB 8 has and we lack, by kind.
const (
	theirCommands = `abortreshardcollection appendoplognote authenticate autocompact bulkwrite checkmetadataconsistency clonecollectionascapped collstats compact
		connpoolstats converttocapped createrole createsearchindexes createuser currentop datasize dbhash dbstats dropallrolesfromdatabase dropallusersfromdatabase droprole
		dropsearchindex dropuser explain filemd5 fsyncunlock getcmdlineopts getdefaultrwconcern getlog getshardmap grantrolestorole grantrolestouser hostinfo invalidateusercache
		killallsessionsbypattern killop listcommands listsearchindexes lockinfo logout mapreduce planclear plancachelistfilters profile reindex renamecollection
		replsetabortprimarycatchup replsetfreeze replsetgetconfig replsetinitiate replsetmaintenance replsetreconfig replsetresizeoplog replsetstepdown replsetsyncfrom
		revokerolesfromuser rolesinfo rotatecertificates saslcontinue saslstart setdefaultrwconcern setfeaturecompatibilityversion setindexcommitquorum shutdown startsession
		top updaterole updatesearchindex updateuser usersinfo validate validatedbmetadata whatsmyuri`
	theirStages = `$bucket $bucketAuto $changeStreamSplitLargeEvent $currentOp $densify $documents $facet $fill $geoNear $graphLookup $indexStats $listLocalSessions
		$listSampledQueries $listSearchIndexes $listSessions $merge $out $planCacheStats $redact $search $searchMeta $setWindowFields $shardedDataDistribution $sortByCount
		$unionWith $vectorSearch`
	theirQueries = `$where $text $geoIntersects $geoWithin $near $nearSphere $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $sampleRate $rand`
	theirUpdates = `$setUnion`
	theirGroups  = `$accumulator $bottom $bottomN $firstN $lastN $maxN $median $mergeObjects $minN $percentile $stdDevPop $stdDevSamp $top $topN`
	theirExprs   = `$abs $accumulator $acos $acosh $allElementsTrue $anyElementTrue $arrayElemAt $arrayToObject $asin $asinh $atan $atan2 $atanh $avg $binarySize $bitAnd $bitNot
		$bitOr $bitXor $bsonSize $ceil $concatArrays $convert $cos $cosh $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc
		$dayOfMonth $dayOfWeek $dayOfYear $degreesToRadians $divide $exp $filter $first $firstN $floor $function $getField $hour $indexOfArray $indexOfBytes $indexOfCP $isArray
		$isNumber $isoDayOfWeek $isoWeek $isoWeekYear $last $lastN $let $ln $log $log10 $ltrim $map $maxN $meta $millisecond $minN $minute $mod $month $objectToArray $pow
		$radiansToDegrees $rand $range $reduce $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim $sampleRate $second $setDifference
		$setEquals $setField $setIntersection $setIsSubset $setUnion $sin $sinh $slice $sortArray $split $sqrt $stdDevPop $stdDevSamp $strLenBytes $strLenCP $strcasecmp $substr
		$substrBytes $substrCP $sum $switch $tan $tanh $toBool $toDate $toDecimal $toDouble $toHashedIndexKey $toInt $toLong $toLower $toObjectId $toString $toUUID $toUpper $trim
		$trunc $tsIncrement $tsSecond $unsetField $week $year $zip`
)
